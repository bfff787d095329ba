"""The physics page: what is typed and what it means, who may see what, and what is shown of a simulation."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from physics_runs import FIRST, OTHER, VALUES, result_of, simulated
from web_people import House, house

import recutis.web
from recutis.laser import catalogue
from recutis.simulation import ExposureFile, read_exposure
from recutis.web.audit.models import AuditEntry
from recutis.web.planning import jobs
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.planning.physics_files import EXAMPLES, sweep
from recutis.web.planning.physics_form import SETTINGS, read, values_of, words_of
from recutis.web.planning.physics_shown import number_groups, shown
from recutis.web.work.states import JobState

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parents[1] / "examples" / "exposures"
DEMO = Path(recutis.web.__file__).parent / "demo" / "plans.json.gz"
CO2 = "device=UltraPulse+DeepFX&energy_mJ=15&density_pct=10"
FORM_PAGES = ("", "told/", "panel/", "second/", "layers/", "file/")


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


class Pretended:
    """A desk that takes jobs and does none."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cancelled: list[str] = []

    def submit(self, kind: str, document: Any) -> str:
        """Take a job."""
        self.asked.append((kind, document))
        return f"n{len(self.asked)}"

    def state(self, number: str) -> JobState:
        """Every job is half done."""
        return JobState(id=number, kind="simulate", status="running", progress=0.5, word="simulating light, heat and damage")

    def cancel(self, number: str) -> None:
        """Note which job was cancelled."""
        self.cancelled.append(number)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretended]:
    """The pretended desk in place of the real one."""
    made = Pretended()
    monkeypatch.setattr(jobs, "the_desk", lambda: made)
    monkeypatch.setattr(jobs, "desk", lambda: made)
    yield made
    for kept in (jobs._NUMBERS, jobs._JOBS):
        kept.clear()


def page(client: Client, address: str) -> str:
    """A page that opens."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def finished(north: House, folder: Path, **more: Any) -> Job:
    """A comparison that is done."""
    found = result_of(simulated(str(folder)))
    return Job.objects.create(
        clinic=north.clinic, kind="simulate", state="done", progress=1.0, result=found, asked_by=north.people["researcher"],
        document={"kind": "simulate", "exposure": FIRST, "against": OTHER, "changes": "device", "values": VALUES}, **more,
    )  # fmt: skip


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one real simulation writes its files."""
    return tmp_path_factory.mktemp("simulation") / "out"


# What is typed


def test_the_examples_are_those_of_the_folder() -> None:
    """Each button starts from a file of the examples, and there is one for each."""
    files = {path.stem: read_exposure(path) for path in FILES.glob("*.yaml")}
    assert {one.name: ExposureFile.model_validate(one.document) for one in EXAMPLES} == files


@pytest.mark.parametrize("name", [one.name for one in EXAMPLES])
def test_an_example_comes_back_from_the_form_as_it_was(north: House, name: str) -> None:
    """File, form, address, form, file: the same exposure."""
    client = north.client("researcher")
    moved = client.get(f"/physics/examples/{name}/")
    query = moved["Location"].partition("?")[2]
    back = client.get(f"/physics/file/?{query}")
    assert back["Content-Disposition"] == 'attachment; filename="exposure.yaml"'
    found = ExposureFile.model_validate(yaml.safe_load(back.content.decode()))
    assert found.exposure() == read_exposure(FILES / f"{name}.yaml").exposure()
    assert found.skin == read_exposure(FILES / f"{name}.yaml").skin


@pytest.mark.parametrize("device", [one.name for one in catalogue()])
def test_every_device_has_a_panel_that_can_be_simulated_as_it_is(north: House, device: str) -> None:
    """The fields are those of the panel, and what is left empty is usual."""
    asked = read(words_of({"device": device}), north.clinic)
    assert asked.ready, asked.errors
    text = page(north.client("researcher"), f"/physics/panel/?{urlencode({'device': device})}")
    fields = set(re.findall(r'<input type="text"[^>]* name="(\w+)"', text))
    known = next(one for one in catalogue() if one.name == device)
    assert fields == {name for name in (*known.panel, "passes") if name in known.limits}


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("device=UltraPulse+DeepFX&energy_mJ=150", "energy_mJ", "energy is 150 mJ, above its upper limit of 50 mJ"),
        ("device=UltraPulse+DeepFX&energy_mJ=much", "energy_mJ", "'much' was typed; must be a number or a quantity in mJ"),
        ("device=UltraPulse+DeepFX&passes=1.5", "passes", "'1.5' was typed;"),
        ("device=UltraPulse+DeepFX&passes=9", "passes", "above its upper limit of 2 passes"),
        ("device=UltraPulse+DeepFX&stack=3", "stack", "has no setting"),
        ("device=UltraPulse+CPG&energy_mJ=300&fluence_J_cm2=7", "energy_mJ", "contradict each other"),
        ("device=UltraPulse+DeepXF", "device", "There is no device 'UltraPulse DeepXF'; nearest: 'UltraPulse DeepFX'"),
        ("site=elbow&phototype=II&age=40&sex=female", "site", "There is no site 'elbow'"),
        ("site=cheek&phototype=IX&age=40&sex=female", "phototype", "There is no phototype 'IX'"),
        ("site=cheek&phototype=II&age=500&sex=female", "age", "'500' was typed; it should be less than or equal to 120"),
        ("device=UltraPulse+DeepFX&cooling=ice", "cooling", "'ice'"),
        ("device=UltraPulse+DeepFX&layers=1", "layers", "Give at least one"),
        ("device=UltraPulse+DeepFX&layers=1&l3_um=100&l3_water=0.7", "layers", "need at least a layer named epidermis"),
        ("device=UltraPulse+DeepFX&layers=1&l1_um=60&l1_water=7", "l1_water", "'7' was typed; it should be less than or equal to 1"),
        (f"{CO2}&changes=energy_mJ&b_energy_mJ=99", "b_energy_mJ", "above its upper limit of 50 mJ"),
        (f"{CO2}&changes=device&b_device=IPL+515&b_fluence_J_cm2=99", "b_fluence_J_cm2", "above its upper limit of 30"),
    ],
)  # fmt: skip
def test_a_wrong_word_has_its_sentence_by_the_field(north: House, query: str, name: str, sentence: str) -> None:
    """One sentence, at the field it is about, and what was typed stays."""
    asked = read(words_of(dict(parse_qsl(query))), north.clinic)
    assert sentence in asked.errors[name]
    assert not asked.ready
    text = page(north.client("researcher"), f"/physics/?{query}")
    by_field = re.search(rf'id="error-{name}"[^>]*>([^<]+)<', text)
    assert by_field is not None
    assert sentence.partition("'")[0] in by_field[1]
    assert asked.values[name] in text


def test_what_is_wrong_with_skin_and_panel_is_told_at_once(north: House) -> None:
    """A wrong age does not hide a wrong energy."""
    asked = read(words_of({"site": "cheek", "age": "500", "device": "UltraPulse DeepFX", "energy_mJ": "150"}), north.clinic)
    assert {"age", "energy_mJ"} <= set(asked.errors)


def test_the_address_holds_what_is_typed(north: House) -> None:
    """The fragment tells the browser an address whose page shows the same words."""
    query = f"site=nose&phototype=V&age=61&sex=male&tanned=1&{CO2}&changes=phototype&b_phototype=II"
    where = north.client("researcher").get(f"/physics/told/?{query}")["HX-Replace-Url"]
    assert words_of(dict(parse_qsl(where.partition("?")[2]))) == words_of(dict(parse_qsl(query)))


def test_what_the_panel_delivers_is_told_while_one_types(north: House) -> None:
    """The arithmetic of the laser layer, in words without names of variables."""
    text = page(north.client("researcher"), f"/physics/told/?{CO2}")
    assert "15 mJ over a 120 µm 1/e² beam = 132.6 J/cm² mean" in text
    assert "_mJ was not set" not in page(north.client("researcher"), "/physics/told/?device=UltraPulse+DeepFX")


def test_layers_start_from_those_of_the_skin(north: House) -> None:
    """The button fills in layers that can be simulated."""
    answer = north.client("researcher").get(f"/physics/layers/?{CO2}")
    values = words_of(dict(parse_qsl(answer["HX-Replace-Url"].partition("?")[2])))
    asked = read(values, north.clinic)
    assert asked.ready, asked.errors
    assert [one["name"] for one in asked.first["skin"]["layers"]][:3] == ["stratum_corneum", "epidermis", "basal_layer"]


def test_a_second_exposure_differs_in_one_thing(north: House) -> None:
    """All else is copied, also what is changed later in the first."""
    asked = read(words_of(dict(parse_qsl(f"{CO2}&tanned=1&changes=energy_mJ&b_energy_mJ=40"))), north.clinic)
    assert asked.second is not None
    assert asked.second["settings"].pop("energy_mJ") == 40.0
    assert asked.first["settings"].pop("energy_mJ") == 15.0
    assert asked.first == asked.second


def test_a_device_of_the_clinics_own_can_be_chosen(north: House) -> None:
    """It stands first in the list, with its own ranges, and travels in the file."""
    north.clinic.devices_file = {"devices": ["IPL 515", {
        "name": "Our CO2", "device_class": "ablative_fractional_co2", "wavelength_nm": 10600, "microbeam_um": 150,
        "ranges": {"energy_mJ": [1, 12, 30], "density_pct": [5, 20], "duration_ms": 1},
    }]}  # fmt: skip
    north.clinic.save()
    client = north.client("researcher")
    text = page(client, "/physics/?device=Our+CO2")
    assert "1 to 30 mJ, usually 12" in text
    assert re.search(
        r'<optgroup label="Devices of the clinic"><option value="IPL 515">.*?<option value="Our CO2" selected>', text
    )
    other = house("South").client("researcher")
    assert "Our CO2" not in page(other, "/physics/")
    found = ExposureFile.model_validate(yaml.safe_load(client.get("/physics/file/?device=Our+CO2&energy_mJ=20").content.decode()))
    assert found.exposure().pulse.spot_um == 150


def test_a_file_can_be_brought_in(north: House) -> None:
    """The form starts from the file, whatever was typed before."""
    sent = SimpleUploadedFile("mine.yaml", (FILES / "pulsed-dye-vessels.yaml").read_bytes())
    answer = north.client("researcher").post("/physics/upload/", {"file": sent, "device": "IPL 515"})
    assert answer.status_code == 302
    values = dict(parse_qsl(answer["Location"].partition("?")[2]))
    assert (values["device"], values["fluence_J_cm2"], values["cooling"]) == ("Candela Vbeam Perfecta", "8", "cryogen")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold keys and values"),
        ("device: UltraPulse DeepXF", "there is no device"),
        ("device: UltraPulse DeepFX\nsettings: {energy_mJ: 900 mJ}", "above its upper limit"),
        ("device: [", "is not valid YAML"),
        ("x: !!python/object/apply:os.system [ls]", "is not valid YAML"),
        ("device: UltraPulse DeepFX\nage: 3", "Unknown key"),
    ],
)
def test_a_bad_file_gives_one_sentence_and_loses_nothing(north: House, text: str, sentence: str) -> None:
    """The page comes back with what was typed and why the file was not read."""
    sent = SimpleUploadedFile("mine.yaml", text.encode() or b"\n")
    answer = north.client("researcher").post("/physics/upload/", {"file": sent, "device": "IPL 515", "fluence_J_cm2": "17"})
    assert answer.status_code == 422
    assert sentence in re.search(r'id="error-file">([^<]*)<', answer.content.decode())[1]  # type: ignore[index]
    assert 'value="17"' in answer.content.decode()


WORDS = st.one_of(
    st.text(max_size=12), st.sampled_from(["1e400", "-0", "NaN", "inf", "1e-300", "9" * 90, "20 mJ", "0x1", "\x00", "١٢", "1_0"])
)
NAMES = st.sampled_from(
    ["site", "phototype", "age", "sex", "tanned", "device", "own", "cooling", "changes", "layers", "l1_um", "l1_water", "l0_blood",
     "b_device", "b_age", "b_cooling", "files", "plan", "option", *SETTINGS, *(f"b_{name}" for name in SETTINGS)]
)  # fmt: skip
ASKED = st.dictionaries(NAMES, WORDS, max_size=8)
DEVICES = st.sampled_from([one.name for one in catalogue()])
CHANGES = st.sampled_from(["", "device", "age", "layers", "passes", "cooling", "site", "tanned", *SETTINGS])


@given(asked=ASKED, device=DEVICES | st.just(""), changes=CHANGES, at=st.sampled_from(FORM_PAGES))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_breaks_the_form(north: House, asked: dict[str, str], device: str, changes: str, at: str) -> None:
    """Whatever stands in the address, there is an answer, and what is ready could be simulated."""
    query = {**({"device": device} if device else {}), **({"changes": changes} if changes else {}), **asked}
    query = {name: text.encode("utf-8", "replace").decode() for name, text in query.items()}
    answer = north.client("clinician").get(f"/physics/{at}?{urlencode(query)}")
    assert answer.status_code in {200, 302, 400, 404, 422}  # 400: a character that no database keeps
    found = read(words_of(query), north.clinic)
    if found.ready:
        ExposureFile.model_validate(json.loads(json.dumps(found.first, allow_nan=False)))


@pytest.mark.parametrize("own", ["[]", "{", "[" * 3000, '{"name": "IPL 515"}', '{"name": "X", "device_class": 3}', "null"])
def test_a_described_device_that_is_none_is_told(north: House, own: str) -> None:
    """The description in the address may be anything."""
    answer = north.client("researcher").get(f"/physics/?{urlencode({'device': 'X', 'own': own})}")
    assert answer.status_code == 200


# Who may see what


@pytest.mark.parametrize("role", ["nurse", "front_desk", "administrator"])
def test_the_page_is_for_clinicians_and_researchers(north: House, role: str) -> None:
    """Others are refused, whatever they ask for."""
    client = north.client(role)
    assert client.get("/physics/").status_code == 403
    assert client.post("/physics/run/", {"device": "IPL 515"}).status_code == 403
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "at",
    ["", "progress/", "pictures/0/moment/", "documents/simulation.json", "documents/exposure.yaml", "files/first/injury.json"],
)
def test_a_run_of_another_clinic_or_of_a_patient_is_not_found(north: House, folder: Path, at: str) -> None:
    """Not found, not refused; and what was made for a patient is not shown here."""
    job = finished(north, folder)
    answer = north.client("clinician").get(f"/physics/runs/{job.pk}/{at}")
    answer.close()
    assert answer.status_code == 200
    assert house("South").client("clinician").get(f"/physics/runs/{job.pk}/{at}").status_code == 404
    of_patient = finished(north, folder, patient=north.patients[0])
    assert north.client("researcher").get(f"/physics/runs/{of_patient.pk}/{at}").status_code == 404


@pytest.mark.parametrize("what", ["cancel", "again"])
def test_nobody_changes_a_run_of_another_clinic(north: House, desk: Pretended, folder: Path, what: str) -> None:
    """Neither stopped nor started."""
    job = finished(north, folder)
    assert house("South").client("clinician").post(f"/physics/runs/{job.pk}/{what}/").status_code == 404
    assert (desk.asked, desk.cancelled, Job.objects.count()) == ([], [], 1)


def test_the_navigation_names_the_page_to_whom_it_opens(north: House) -> None:
    """A researcher sees it, a nurse does not."""
    assert 'href="/physics/"' in page(north.client("researcher"), "/me/")
    assert 'href="/physics/"' not in page(north.client("nurse"), "/me/")


# From a plan


def plan_of(north: House, **more: Any) -> CoursePlan:
    """A plan of the demo clinic in this one."""
    plans = json.loads(gzip.decompress(DEMO.read_bytes()))["plans"]
    document = next(one.get("document", one) for one in (plans.values() if isinstance(plans, dict) else plans))
    patient: Model = north.patients[0]
    return CoursePlan.objects.create(
        clinic=north.clinic, patient=patient, document=document, status=document["status"], headline=document["headline"],
        made_by=north.people["clinician"], **more,
    )  # fmt: skip


def test_a_plans_settings_start_the_form_and_name_nobody(north: House) -> None:
    """Device, panel and passes are those of the option; the address that follows holds no reference to plan or patient."""
    plan = plan_of(north)
    option = plan.document["options"][0]
    site = next(iter(option["site_settings"]))
    answer = north.client("clinician").get(f"/physics/?plan={plan.pk}&option=1&phase=1&site={site}")
    query = answer["Location"].partition("?")[2]
    asked = read(words_of(dict(parse_qsl(query))), north.clinic)
    exposure = ExposureFile.model_validate(asked.first).exposure()
    told = option["site_settings"][site]
    assert asked.ready, asked.errors
    assert (exposure.device.name, exposure.passes) == (option["device"], len(told))
    assert exposure.settings.energy_mJ == pytest.approx(told[0]["energy_mJ"], rel=1e-3)
    assert str(plan.pk) not in query
    assert str(plan.patient_id) not in query
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    assert entry.patient_id_text == str(plan.patient_id)


def test_a_plan_leads_to_the_page(north: House) -> None:
    """Each phase of the option that is shown has its link, for clinicians."""
    plan = plan_of(north)
    link = f"/physics/?plan={plan.pk}&amp;option=1&amp;phase=1"
    assert link in page(north.client("clinician"), f"/plans/{plan.pk}/")
    assert link not in page(north.client("nurse"), f"/plans/{plan.pk}/")


def test_only_clinicians_take_a_plan_to_the_page(north: House) -> None:
    """A researcher is refused, another clinic finds nothing."""
    plan = plan_of(north)
    assert north.client("researcher").get(f"/physics/?plan={plan.pk}").status_code == 403
    assert house("South").client("clinician").get(f"/physics/?plan={plan.pk}").status_code == 404
    assert north.client("clinician").get("/physics/?plan=none").status_code == 404


@pytest.mark.parametrize("part", ["option=0", "option=99", "phase=7", "option=x", "phase=-1", "option=1e3"])
def test_a_part_that_the_plan_has_not_is_told(north: House, part: str) -> None:
    """One sentence on the empty page."""
    answer = north.client("clinician").get(f"/physics/?plan={plan_of(north).pk}&{part}", follow=True)
    assert answer.status_code == 200
    assert "There is no" in answer.content.decode()


# Running


def test_a_simulation_is_asked_of_the_desk(
    north: House, desk: Pretended, django_capture_on_commit_callbacks: Any
) -> None:  # fmt: skip
    """The desk gets both exposures; the page tells how far it is, and has it cancelled."""
    client = north.client("researcher")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/physics/run/", dict(parse_qsl(f"{CO2}&changes=energy_mJ&b_energy_mJ=40")))
    kind, document = desk.asked[0]
    assert (kind, document["folder"]) == ("simulate", None)
    assert (document["exposure"]["settings"]["energy_mJ"], document["against"]["settings"]["energy_mJ"]) == (15.0, 40.0)
    text = page(client, answer["Location"])
    assert '<progress max="1" value="0.500"' in text
    assert "simulating light, heat and damage" in text
    polled = client.get(f"{answer['Location']}progress/")
    assert "HX-Refresh" not in polled.headers
    assert 'id="said" hx-swap-oob' in polled.content.decode()
    again = client.get(f"{answer['Location']}progress/?{urlencode({'said': 'simulating light, heat and damage'})}")
    assert 'id="said"' not in again.content.decode()  # said once
    client.post(f"{answer['Location']}cancel/")
    assert desk.cancelled == ["n1"]


@pytest.mark.parametrize(
    ("typed", "name", "sentence"),
    [
        ({}, "device", "Choose a device."),
        ({"device": "UltraPulse DeepFX", "energy_mJ": "150"}, "energy_mJ", "above its upper limit"),
        ({"device": "IPL 515", "changes": "device"}, "b_device", "Choose the device of the second exposure."),
        ({"device": "IPL 515", "changes": "age", "b_age": "40"}, "b_age", "choose another value"),
    ],
)
def test_what_cannot_be_simulated_is_not_asked_for(
    north: House, desk: Pretended, typed: dict[str, str], name: str, sentence: str
) -> None:  # fmt: skip
    """The form comes back with the sentence and all that was typed."""
    answer = north.client("researcher").post("/physics/run/", typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in re.search(rf'id="error-{name}"[^>]*>([^<]*)<', text)[1]  # type: ignore[index]
    assert all(value in text for value in typed.values())
    assert (desk.asked, Job.objects.count()) == ([], 0)


def test_three_at_once_are_enough(north: House, desk: Pretended) -> None:
    """One person does not fill the line; others are not held up by it."""
    client = north.client("researcher")
    answers = [client.post("/physics/run/", {"device": "IPL 515"}) for _ in range(4)]
    assert [one.status_code for one in answers] == [302, 302, 302, 422]
    assert "cancel one of them" in answers[-1].content.decode()
    assert north.client("clinician").post("/physics/run/", {"device": "IPL 515"}).status_code == 302
    assert desk.asked == []  # the requests' transactions are not committed in this test


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("interrupted", "The server stopped while this was running. Start it again."),
        ("failed", "The process that ran this ended."),
        ("cancelled", "Cancelled before it began."),
    ],
)
def test_a_run_without_result_says_why_and_can_be_run_again(north: House, desk: Pretended, state: str, words: str) -> None:
    """The same exposures are asked for anew."""
    asked = read(words_of(VALUES), north.clinic)
    job = Job.objects.create(
        clinic=north.clinic, kind="simulate", state=state, words=words, asked_by=north.people["researcher"],
        document={"kind": "simulate", "exposure": asked.first, "against": asked.second, "changes": "device", "values": VALUES},
    )  # fmt: skip
    client = north.client("researcher")
    text = page(client, f"/physics/runs/{job.pk}/")
    assert words in text
    assert client.get(f"/physics/runs/{job.pk}/progress/")["HX-Refresh"] == "true"
    again = client.post(f"/physics/runs/{job.pk}/again/")
    made = Job.objects.exclude(pk=job.pk).get()
    assert str(made.pk) in again["Location"]
    assert (made.document["exposure"], made.document["against"]) == (asked.first, asked.second)
    assert desk.asked == []


def test_a_run_that_a_program_asked_for_opens_too(north: House, desk: Pretended, folder: Path) -> None:
    """It was asked without the form: the page names both devices, leads to a form that means the first, and can run it again."""
    job = finished(north, folder)
    job.document = {"kind": "simulate", "exposure": FIRST, "against": OTHER}
    job.save()
    client = north.client("researcher")
    text = page(client, f"/physics/runs/{job.pk}/")
    assert "Second: Candela Vbeam Perfecta" in text
    query = re.search(r'href="/physics/\?([^"]+)">Change something', text)
    assert query is not None
    asked = read(words_of(dict(parse_qsl(query[1].replace("&amp;", "&")))), north.clinic)
    assert ExposureFile.model_validate(asked.first).exposure() == ExposureFile.model_validate(FIRST).exposure()
    client.post(f"/physics/runs/{job.pk}/again/")
    made = Job.objects.exclude(pk=job.pk).get()
    assert (made.document["exposure"], made.document["against"]) == (FIRST, OTHER)
    assert desk.asked == []


def test_files_of_simulations_go_after_two_weeks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Old folders go, young ones and whatever lies beside them stay."""
    monkeypatch.setattr(django_settings, "DATA", tmp_path)
    assert sweep() == 0
    for name, days in (("old", 15), ("young", 13)):
        kept = tmp_path / "simulations" / name
        kept.mkdir(parents=True)
        (kept / "injury.nc").write_bytes(b"x")
        then = time.time() - days * 24 * 3600
        os.utime(kept, (then, then))
    assert sweep() == 1
    assert [path.name for path in (tmp_path / "simulations").iterdir()] == ["young"]


def test_the_list_is_ones_own(north: House, folder: Path) -> None:
    """The last simulations of whoever looks."""
    job = finished(north, folder)
    assert str(job.pk) in page(north.client("researcher"), "/physics/runs/")
    assert str(job.pk) not in page(north.client("clinician"), "/physics/runs/")


# What is shown


def test_every_number_of_a_simulation_is_in_the_table_or_zero(folder: Path) -> None:
    """No line is lost but for zeros, the model's name and its errors, which stand elsewhere."""
    result = result_of(simulated(str(folder)))
    for name in ("simulation", "against"):
        told = {line.name for group in number_groups([result[name]]) for line in group.lines}
        left_out = {row["name"]: row["value"] for row in result[name]["rows"] if row["name"] not in told}
        elsewhere = {"Model", "Stated error of depths", "Planner's light off on the axis of the upper mm"}
        assert all(abs(value) < 0.05 for row, value in left_out.items() if row not in elsewhere), left_out


def test_differences_are_the_second_less_the_first(folder: Path) -> None:
    """Signs and factors are right, and nothing differs from itself."""
    result = result_of(simulated(str(folder)))
    one, two = result["simulation"], result["against"]
    rows = {line.name: line for group in number_groups([one, two]) for line in group.lines}
    back = {line.name: line for group in number_groups([two, one]) for line in group.lines}
    same = [line for group in number_groups([one, one]) for line in group.lines]
    assert {line.difference for line in same} == {"same"}
    values = {row["name"]: (row["value"], other["value"]) for row, other in zip(one["rows"], two["rows"], strict=False)
              if row["name"] == other["name"] and row["name"] in rows}  # fmt: skip
    for name, (first, second) in values.items():
        if rows[name].changed:
            sign = "+" if second > first else "−"
            assert rows[name].difference.startswith(sign)
            assert back[name].difference.startswith("−" if sign == "+" else "+")


def test_the_result_page_tells_numbers_pictures_and_model(north: House, folder: Path) -> None:
    """Two runs on one scale, each with the same numbers as text, the model and its error; nothing about anybody."""
    job = finished(north, folder)
    client = north.client("researcher")
    text = page(client, f"/physics/runs/{job.pk}/")
    for words in ("First: UltraPulse DeepFX", "Second: Candela Vbeam Perfecta", "Energy balance", "axisymmetric enthalpy model",
                  "Temperature and damage over time", "stated error of the model", "✓"):  # fmt: skip
        assert words in text
    assert 'style="' not in text
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert all(patient.family_name not in text for patient in north.patients)


def test_figures_share_one_scale_and_every_step_names_a_moment_of_each(north: House, folder: Path) -> None:
    """The slider's steps lie within each film; both films have the same depth and colours."""
    job = finished(north, folder)
    client = north.client("researcher")
    told = shown(job.result or {}, job.document, "temperature")
    figures = {
        (at, name, show): client.get(f"/physics/runs/{job.pk}/pictures/{at}/{name}/?show={show}").json()
        for at in (0, 1) for name in ("moment", "overview", "curves") for show in ("temperature", "damage")
    }  # fmt: skip
    scales = {tuple(figures[at, "overview", "temperature"]["layout"]["yaxis"]["range"]) for at in (0, 1)}
    colours = {
        (one["data"][0]["zmin"], one["data"][0]["zmax"])
        for key, one in figures.items()
        if key[2] == "damage" and key[1] != "curves"
    }
    assert len(scales) == 1
    assert colours == {(0.0, 100.0)}
    for step in told["steps"]:
        assert len(step["frames"]) == 6
        for place, frame in enumerate(step["frames"]):
            assert 0 <= frame < len(figures[place // 3, "moment", "damage"]["moments"])
    assert [step["on"] for step in told["steps"]] == sorted((step["on"] for step in told["steps"]), reverse=True)


def test_damage_never_heals_within_a_film(north: House, folder: Path) -> None:
    """What is dead in place stays dead, or is ablated."""
    job = finished(north, folder)
    client = north.client("researcher")
    for at in (0, 1):
        rows = client.get(f"/physics/runs/{job.pk}/pictures/{at}/overview/?show=damage").json()["data"][0]["z"]
        for row in rows:
            there = [value for value in row if value is not None]
            assert all(0 <= value <= 100 for value in there)
            assert there == sorted(there)


def test_what_came_out_can_be_taken_along(north: House, folder: Path) -> None:
    """JSON as it is kept, exposure files that can be simulated again, the files that were written, and no other."""
    job = finished(north, folder)
    client = north.client("researcher")
    at = f"/physics/runs/{job.pk}"
    assert json.loads(client.get(f"{at}/documents/simulation.json").content) == (job.result or {})["simulation"]
    again = yaml.safe_load(client.get(f"{at}/documents/exposure-second.yaml").content.decode())
    assert ExposureFile.model_validate(again) == ExposureFile.model_validate(OTHER)
    answer = client.get(f"{at}/files/first/injury.nc")
    assert b"".join(answer) == (folder / "first" / "injury.nc").read_bytes()  # type: ignore[call-overload]
    for name in ("files/../injury.nc", "files/first/../../../etc/passwd", "files/first/none.nc", "documents/folder.json"):
        assert client.get(f"{at}/{name}").status_code == 404
    assert client.get(f"{at}/pictures/2/moment/").status_code == 404
    assert client.get(f"{at}/pictures/0/none/").status_code == 404


def test_values_of_a_file_keep_explicit_layers_and_own_devices() -> None:
    """What a file may hold, the form holds."""
    document = {
        "skin": {"site": "hands", "tanned": True, "layers": [{"name": "epidermis", "thickness_um": 70, "water_fraction": 0.7}]},
        "device": {
            "name": "Mine", "device_class": "vascular_pdl_595", "wavelength_nm": 595, "ranges": {
                "fluence_J_cm2": [2, 12], "spot_mm": 7, "duration_ms": [0.5, 20]},
        },
        "settings": {"fluence_J_cm2": 5}, "passes": 1,
    }  # fmt: skip
    values = words_of(values_of(document))
    assert (values["l1_um"], values["l1_water"], values["layers"], values["tanned"]) == ("70", "0.7", "1", "1")
    assert json.loads(values["own"])["wavelength_nm"] == 595


def test_the_pages_load_no_solver() -> None:
    """Numerical work is done by the workers; the server stays light."""
    code = (
        "import django, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'recutis.web.settings'; django.setup(); "
        "import recutis.web.planning.physics_urls; "
        "print(*sorted({'numba', 'scipy', 'xarray', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
