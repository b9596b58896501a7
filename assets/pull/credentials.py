"""Secrets and key files: where they are, and that they are their owner's only.

`sources.yaml` never holds a secret; it names an environment variable or a file. Not here: what
they are for (`sessions.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.errors import TrappanError
from rules.strict_yaml import YamlPath


class SourcesError(TrappanError):
    """`sources.yaml` or a secret is wrong; the message names file, key and what was expected."""


class Strict(BaseModel):
    """A part of `sources.yaml`: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Strict):
    """Where a secret is: the name of an environment variable, or a file with mode 0600."""

    env: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    file: YamlPath | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.env) == (self.file is not None):
            raise ValueError("expected either env: NAME or file: PATH")
        return self

    @property
    def where(self) -> str:
        """Where it is, for a person; never what it is."""
        return f"the environment variable {self.env}" if self.env else f"the file {self.file}"

    def read(self, folder: Path) -> str:
        """Return the secret.

        Args:
            folder: what a relative path is relative to.

        Raises:
            SourcesError: it isn't there, is empty, or can be read by others.
        """
        text = (
            os.environ.get(self.env, "") if self.file is None else text_of_owner(folder / self.file)
        )
        secret = text.strip()
        if not secret:
            raise SourcesError(f"{self.where} is empty or not there. Put the secret there.")
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise SourcesError(
                f"{self.where} holds blanks, line breaks or letters that no secret has. Expected "
                "one line with the secret and nothing else."
            )
        return secret


def text_of_owner(path: Path) -> str:
    """Return the text of a file that only its owner may read.

    Raises:
        SourcesError: others may read it, or nobody can.
    """
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise SourcesError(f"the file {path} can't be read: {error.strerror}.") from None
    if mode & 0o077:
        raise SourcesError(
            f"the file {path} has mode {mode:04o}: others on this machine can read it. "
            f"Expected 0600. Run: chmod 600 {path}"
        )
    return text_of(path)


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        SourcesError: it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourcesError(f"the file {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SourcesError(f"the file {path} is no text. Expected PEM or one line.") from None
