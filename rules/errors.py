"""The base of every error whose words are ours. It imports nothing, so that everybody may.

It lies in `rules` because that is the lowest floor of the house: the errors of a rule file come
from it too, and `rules` imports no other package. Not here: what is said of an
error that isn't ours (`assets/lake/access.py`).
"""


class TrappanError(Exception):
    """Something is wrong that we have words for.

    The message says what was found, what was expected and what to do. It is shown and stored as it
    is, so it never has personal data in it.
    """
