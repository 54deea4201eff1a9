"""Jobs and files, beneath HTTP."""

import gzip

from simulator.fakes.amplitude.cohorts.api.exports import packed
from simulator.rules.instants import DAY_MS, SECOND_MS


def test_a_job_is_ready_after_half_a_minute_and_forgotten_after_a_week(desk):
    cohort = desk.cohorts.compute(desk.cohorts.create("openers", {"performed": "app_opened"}).cohort_id)
    exports, now = desk.api.exports, desk.amplitude.now
    export = exports.ask(cohort, now, properties=False, keys=())
    assert [export.ready(now + ms) for ms in (0, 30 * SECOND_MS - 1, 30 * SECOND_MS)] == [False, False, True]
    assert exports.find(export.request_id, now) == export
    assert exports.find(export.request_id, now + 7 * DAY_MS) is None
    assert exports.cohort_of(export).cohort_id == cohort.cohort_id


def test_the_same_file_packs_to_the_same_bytes():
    assert packed(b"a") == packed(b"a")
    assert gzip.decompress(packed(b"a")) == b"a"


def test_request_ids_are_six_letters_and_digits(desk):
    cohort = desk.cohorts.create("openers", {"performed": "app_opened"})
    asked = [desk.api.exports.ask(cohort, 0, properties=False, keys=()).request_id for _ in range(20)]
    assert ({len(each) for each in asked}, all(each.isalnum() for each in asked), len(set(asked))) == ({6}, True, 20)


def test_a_signature_is_of_one_request_and_one_instant(desk):
    sign = desk.api.exports.signature
    assert len({sign("qfaZya", 1), sign("qfaZya", 2), sign("Sf7M9j", 1)}) == 3
