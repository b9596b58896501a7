"""Every address, each with a view that has a rule (`views/rules.py`); a test looks that it has."""

from django.urls import include, path

from portal.views import (
    case_sheet,
    consultation,
    delegation,
    figures,
    log,
    mine,
    pupil,
    recording,
    school,
    start,
    team,
    wheel,
)

urlpatterns = [
    path("", start.start, name="start"),
    path("logga-in/", start.log_in, name="log_in"),
    path("valj-person/", start.choose, name="choose"),
    path("logga-ut/", start.log_out, name="log_out"),
    path("inloggning/", include("mozilla_django_oidc.urls")),
    path("skola/<str:code>/", school.school_page, name="school"),
    path("skola/<str:code>/delegeringar/", delegation.delegations, name="delegations"),
    path("skola/<str:code>/delegeringar/ny/", delegation.delegate, name="delegate"),
    path(
        "skola/<str:code>/delegeringar/<str:delegation>/avsluta/",
        delegation.end_delegation,
        name="end_delegation",
    ),
    path("skola/<str:code>/logg/", log.school_log, name="school_log"),
    path("mina/", mine.my_pupils, name="mine"),
    path("elev/<str:reference>/", pupil.pupil, name="pupil"),
    path("elev/<str:reference>/utskrift/", pupil.pupil_on_paper, name="pupil_on_paper"),
    path("elev/<str:reference>/uppfoljning/", recording.record, name="record"),
    path(
        "elev/<str:reference>/handelse/<str:event>/ta-tillbaka/",
        recording.take_back,
        name="take_back",
    ),
    path("elev/<str:reference>/konsultation/", consultation.consultation, name="consultation"),
    path("team/", team.team_page, name="team"),
    path("team/deltagaruppfoljning/", case_sheet.case_sheet, name="case_sheet"),
    path("team/deltagaruppfoljning/fil/", case_sheet.case_sheet_file, name="case_sheet_file"),
    path("team/deltagaruppfoljning/lasa-in/", case_sheet.read_case_sheet, name="read_case_sheet"),
    path("team/siffror/", figures.team_figures, name="team_figures"),
    path("siffror/", figures.all_figures, name="figures"),
    path("arshjul/<str:district>.ics", wheel.calendar, name="calendar"),
    path("drift/logg/", log.log_counts, name="log_counts"),
]
handler400 = "portal.views.errors.not_understood"
handler403 = "portal.views.errors.not_allowed"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.broken"
