"""Who goes where: schools in districts, classes with mentors, pupils with names and numbers."""

import dataclasses
import unicodedata

import numpy as np

from assets.simulator import chance
from assets.simulator.identities import draw_identities
from assets.simulator.plan import SimulationPlan, school_year_start

# Common given and family names in Swedish schools, of many origins, with å ä ö é. Every letter
# exists in cp1252, because one knob of the simulator writes that encoding.

_FEMALE = """
Alice Maja Vera Alma Selma Elsa Lilly Astrid Wilma Freja Olivia Ebba Saga Ines Klara Åsa Märta
Ellen Signe Stina Elin Tuva Juni Iris Agnes Molly Nova Ella Sigrid Moa Leah Emelie Linnéa Ylva
Zoë Amina Fatima Zahra Maryam Aisha Hawa Leyla Noor Rania Yasmin Sara Hanna Ayan Hodan Zeynep
Elif Defne Aleksandra Maja-Lena Anna-Karin Nadia Olena Daria Sofía Camila Thi Mai Linh Ximena
Helin Rojin Shirin Parisa Mariam Selam Rahel Eden Lovisa Tyra Hilda Edith Märit Göta Lykke
Jasmina Amela Ivana Milica Natalia Zuzanna Ronja Nellie Tilde Svea
"""

_MALE = """
Alice Maja Vera Alma Selma Elsa Lilly Astrid Wilma Freja Olivia Ebba Saga Ines Klara Åsa Märta
Ellen Signe Stina Elin Tuva Juni Iris Agnes Molly Nova Ella Sigrid Moa Leah Emelie Linnéa Ylva
Zoë Amina Fatima Zahra Maryam Aisha Hawa Leyla Noor Rania Yasmin Sara Hanna Ayan Hodan Zeynep
Elif Defne Aleksandra Maja-Lena Anna-Karin Nadia Olena Daria Sofía Camila Thi Mai Linh Ximena
Helin Rojin Shirin Parisa Mariam Selam Rahel Eden Lovisa Tyra Hilda Edith Märit Göta Lykke
Jasmina Amela Ivana Milica Natalia Zuzanna Ronja Nellie Tilde Svea
"""

_FAMILY = """
Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson
Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson
Lindström Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren Mattsson Lundqvist
Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin Engström Eklund Danielsson
Håkansson Lundin Björk Bergman Gunnarsson Holm Wikström Samuelsson Isaksson Fransson Bergqvist
Nyström Holmberg Arvidsson Löfgren Söderberg Nyberg Blomqvist Claesson Nordström Mårtensson
Lundström Ali Mohamed Ahmed Hassan Hussein Ibrahim Abdi Omar Osman Warsame Nur Yilmaz Kaya Demir
Çelik Aydin Aziz Khalil Haddad Mansour Rahimi Hosseini Karimi Ahmadi Rezai Tesfay Haile
Gebremedhin Kowalski Nowak Wisniewska Kovalenko Shevchenko Popovic Petrovic Hodzic Begovic
Krasniqi Gashi García Rodríguez González Muñoz Nguyen Tran Pham Chen Wang Singh Kaur Khan Öberg
Åberg Ågren Öhman Östlund Ängström Sjögren Åkesson Strömberg Hedlund Dahl Ek Norén Lindh-Öster
Dahlström Grönlund
"""

FEMALE = tuple(_FEMALE.split())
MALE = tuple(_MALE.split())
FAMILY = tuple(_FAMILY.split())


DISTRICTS = (
    "Bromma", "Enskede-Årsta-Vantör", "Farsta", "Hägersten-Älvsjö", "Hässelby-Vällingby", "Järva",
    "Kungsholmen", "Norra innerstaden", "Skarpnäck", "Skärholmen", "Södermalm",
)  # fmt: skip

# Grades of a school, repeated in this mix: grades 0-9 come out about equally large in the city.
_SPANS = ((0, 9), (0, 6), (0, 9), (7, 9), (0, 9), (4, 9), (0, 9), (0, 6), (0, 9), (7, 9))

_SITES = (
    "Alen", "Asken", "Aspen", "Björken", "Boken", "Ekbacken", "Enen", "Furan", "Granen", "Hasseln",
    "Häggen", "Kastanjen", "Linden", "Lönnen", "Olvonet", "Oxeln", "Pilen", "Rönnen", "Slånet",
    "Sälgen", "Tallen", "Videt", "Åkern", "Ängen", "Ön",
)  # fmt: skip
_SIDES = (
    "Norra", "Södra", "Östra", "Västra", "Övre", "Nedre", "Stora", "Lilla", "Gamla", "Nya", "Inre",
    "Yttre",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class School:
    """A school unit; `classes` are indexes into `City.classes`."""

    code: str
    name: str
    district: str
    principal: str
    principal_email: str
    classes: range


@dataclasses.dataclass(frozen=True)
class SchoolClass:
    """A class with its mentor; grade 0 is förskoleklass."""

    name: str
    grade: int
    mentor: str
    mentor_email: str


@dataclasses.dataclass(frozen=True)
class Pupils:
    """All pupils of the city, by person index 0..n-1. Lists and arrays have length n."""

    civic_numbers: list[str]
    first_names: list[str]
    family_names: list[str]
    is_female: np.ndarray[tuple[int], np.dtype[np.bool_]]
    markings: list[str]
    grades: chance.Ints
    home_classes: chance.Ints


@dataclasses.dataclass(frozen=True)
class City:
    """Schools, classes and pupils; who is enrolled when is made from it in `enrolment`."""

    schools: list[School]
    classes: list[SchoolClass]
    pupils: Pupils


def ascii_mail_part(text: str) -> str:
    """`Åsa Öberg` as `asa.oberg`: letters a-z, digits, dots."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return ".".join("".join(c if c.isalnum() else " " for c in plain).split())


def _full_name(seed: int, stream: str, index: int) -> str:
    first = FEMALE if chance.choice(seed, f"{stream}_sex", 3, index)[0] else MALE
    given = first[int(chance.choice(seed, f"{stream}_first", len(first), index)[0])]
    return f"{given} {FAMILY[int(chance.choice(seed, stream, len(FAMILY), index)[0])]}"


def _school_name(index: int) -> str:
    """`Exempelskolan Norra Eken`: never the name of a real school; numbered beyond 300."""
    side, site = _SIDES[index // len(_SITES) % len(_SIDES)], _SITES[index % len(_SITES)]
    rounds = index // (len(_SITES) * len(_SIDES))
    return f"Exempelskolan {side} {site}" + (f" {rounds + 1}" if rounds else "")


def _largest_remainder(weights: chance.Floats, total: int) -> chance.Ints:
    """Integers ≥ 1 that sum to `total`, in proportion to `weights`; int64, as many as weights."""
    share: chance.Floats = weights / weights.sum() * (total - len(weights))
    whole = np.floor(share).astype(np.int64)
    rest = total - len(weights) - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:rest]] += 1
    whole += 1
    return whole


def _class_grades(span: tuple[int, int], classes: int) -> list[int]:
    """The grade of each class of a school, ascending and as even as can be."""
    low, high = span
    return [low + (2 * n + 1) * (high - low + 1) // (2 * classes) for n in range(classes)]


def _class_names(grades: list[int]) -> list[str]:
    """`8A`, `8B` …, `FA` for förskoleklass; after Z comes `8A1`."""
    found: list[str] = []
    for n, grade in enumerate(grades):
        k = n - grades.index(grade)
        found.append(f"{grade or 'F'}{chr(65 + k % 26)}{k // 26 or ''}")
    return found


def build_city(plan: SimulationPlan) -> City:
    """Lay out the city of a plan.

    Raises:
        ValueError: When a grade has more pupils than there are test numbers for a birth year.
    """
    seed = plan.seed
    spans = [_SPANS[n % len(_SPANS)] for n in range(plan.schools)]
    grades_held = np.array([high - low + 1 for low, high in spans], dtype=np.float64)
    spread = 0.5 + chance.uniform(seed, "school_size", np.arange(plan.schools))
    sizes = _largest_remainder(grades_held * spread, plan.pupils)

    schools: list[School] = []
    classes: list[SchoolClass] = []
    class_sizes: list[int] = []
    for n, (span, size) in enumerate(zip(spans, sizes.tolist(), strict=True)):
        code = str(plan.first_school_unit_code + n)
        count = max(1, round(size / plan.class_size))
        first = len(classes)
        grades = _class_grades(span, count)
        for k, (grade, name) in enumerate(zip(grades, _class_names(grades), strict=True)):
            mentor = _full_name(seed, "mentor", first + k)
            mail = f"{ascii_mail_part(f'{mentor} {name}')}@{code}.skola.example"
            classes.append(SchoolClass(name, grade, mentor, mail))
            class_sizes.append(size // count + (k < size % count))
        district = DISTRICTS[int(chance.choice(seed, "district", len(DISTRICTS), n)[0])]
        principal = _full_name(seed, "principal", n)
        mail = f"{ascii_mail_part(principal)}@{code}.skola.example"
        members = range(first, len(classes))
        schools.append(School(code, _school_name(n), district, principal, mail, members))
    return City(schools, classes, _build_pupils(plan, classes, class_sizes))


def _build_pupils(
    plan: SimulationPlan, classes: list[SchoolClass], class_sizes: list[int]
) -> Pupils:
    """Fill the classes. Pupils of a class have consecutive person indexes."""
    seed = plan.seed
    home = np.repeat(np.arange(len(classes)), class_sizes).astype(np.int64)
    grades = np.array([c.grade for c in classes], dtype=np.int64)[home]
    numbers = [""] * plan.pupils
    female = np.zeros(plan.pupils, dtype=np.bool_)
    for grade in range(10):
        members = np.flatnonzero(grades == grade)
        birth_year = school_year_start(plan.first_day).year - 6 - grade
        drawn = draw_identities(
            seed, birth_year, len(members), plan.coordination_share, plan.temporary_share
        )
        female[members] = drawn.is_female
        for person, number in zip(members.tolist(), drawn.civic_numbers, strict=True):
            numbers[person] = number

    people = np.arange(plan.pupils)
    girls = np.array(FEMALE)[chance.choice(seed, "girl", len(FEMALE), people)]
    boys = np.array(MALE)[chance.choice(seed, "boy", len(MALE), people)]
    family = np.array(FAMILY)[chance.choice(seed, "family", len(FAMILY), people)]
    # One protected pupil in five has the stronger marking.
    luck = chance.uniform(seed, "protected", people)
    markings = np.where(luck < plan.protected_share, "Sekretessmarkering", "Ingen")
    markings = np.where(luck < plan.protected_share * 0.2, "Skyddad folkbokföring", markings)
    return Pupils(
        civic_numbers=numbers,
        first_names=np.where(female, girls, boys).tolist(),
        family_names=family.tolist(),
        is_female=female,
        markings=markings.tolist(),
        grades=grades,
        home_classes=home,
    )
