"""Payload templates: the examples of Amplitude's page as printed there, what is left out, what cannot be filled in."""

from __future__ import annotations

import orjson
import pytest

from simulator.sync.destinations.freemarker.builtins import RenderingFailed
from simulator.sync.destinations.freemarker.expressions import TemplateRefused
from simulator.sync.destinations.freemarker.template import Template

MESSAGE = {
    "cohort_name": 'My "Test" Cohort',
    "cohort_id": "7khm89cz",
    "in_cohort": True,
    "computed_time": "1692206763",
    "message_id": "9baaa88f::enter::0",
    "users": [
        {"user_id": "user_one", "user_properties": {"name": "John", "age": 1200, "vip": True}},
        {"user_id": "user_two", "user_properties": {"name": 'Jane "J"', "age": 41.5, "vip": False}},
    ],
}
USER_IDS_ONLY = """{
   "cohort_id": "${input.cohort_id}",
   "in_cohort": ${input.in_cohort?c},
   "computed_time": "${input.computed_time}",
   "users": [
   <#list input.users as user>
   {
      "user_id": "${user.user_id}"
   }<#sep>,
   </#list>
   ]
}
"""
WITH_PROPERTIES = """[
     <#list input.users as user>
     {
         "user_id": "${user.user_id}",
         "user_properties": {
            <#list input.user_properties?keys as key>
                <#assign value = input.user_properties[key]>
                "${key}": <#if value?is_number || value?is_boolean>${value}<#else>${UtilClass.toJsonString(value)}</#if><#if key_has_next>,</#if>
            </#list>
        }
      }<#sep>,
     </#list>
]
"""  # noqa: E501 the line is Amplitude's


def render(source: str) -> str:
    return Template(source).render(MESSAGE)


def test_amplitudes_example_with_user_ids_only() -> None:
    assert {
        "cohort_id": "7khm89cz",
        "in_cohort": True,
        "computed_time": "1692206763",
        "users": [{"user_id": "user_one"}, {"user_id": "user_two"}],
    } == orjson.loads(render(USER_IDS_ONLY))


def test_amplitudes_example_with_user_properties_prints_those_of_each_user() -> None:
    assert MESSAGE["users"] == orjson.loads(render(WITH_PROPERTIES))


def test_amplitudes_example_for_each_user_with_its_slips_mended() -> None:
    source = (
        "[<#list input.users.iterator() as user>{'user_id': '${user.user_id}', "
        "'amplitude_${input.cohort_id}': ${input.in_cohort?c}}<#if user_has_next>,</#if></#list>]"
    )
    assert (
        "[{'user_id': 'user_one', 'amplitude_7khm89cz': true},{'user_id': 'user_two', 'amplitude_7khm89cz': true}]"
        == render(source)
    )


def test_a_line_of_directives_alone_leaves_no_line() -> None:
    assert "a\nuser_one\nuser_two\nb" == render("a\n  <#list input.users as u>\n${u.user_id}\n  </#list>\nb")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("${input.cohort_name?json_string}", 'My \\"Test\\" Cohort'),
        ("${input.cohort_name?upper_case?lower_case?length}", "16"),
        ("${input.nothing!}|${input.nothing!'none'}|${(input.no.thing)!\"x\"}", "|none|x"),
        ("<#if input.nothing??>there<#else>not there</#if>", "not there"),
        ("<#if input.in_cohort && !(1 gt 2)>in<#elseif true>?<#else>out</#if>", "in"),
        ("<#if input.cohort_id == 'x'>x<#elseif input.users?size gte 2>many<#else>few</#if>", "many"),
        ("${input.in_cohort?string('yes', 'no')}", "yes"),
        ("${input.users[1].user_id}${input.users[0]['user_id']}", "user_twouser_one"),
        ("${input.users[0].user_properties.age + 34}", "1234"),
        ("${'a' + 1 + \"b\"}", "a1b"),
        ("${input.users[0].user_properties?keys?join(', ')}", "name, age, vip"),
        ("<#list input.users as u>${u_index}<#sep>-</#sep>.</#list>", "0-.1."),
        (
            "<#list [] as u>x<#else>nobody</#list>".replace(
                "[]", "input.users[0].user_properties?keys?first?split('x')"
            ),
            "x",
        ),
        ("<#-- ${nothing} -->done", "done"),
        ("${'a>b}c'}", "a>b}c"),
        ("<#assign a = 1><#assign b = a + 1>${b}", "2"),
        ("${input.users?first.user_id?replace('_', '-')?contains('-one')?c}", "true"),
    ],
)
def test_expressions_and_directives(source: str, text: str) -> None:
    assert text == render(source)


def test_an_empty_list_has_its_else() -> None:
    template = Template("<#list input.users as u>x<#else>nobody</#list>")
    assert "nobody" == template.render({**MESSAGE, "users": []})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<#macro x>", "<#macro> is not understood here"),
        ("<#else>", "<#else> is not understood here"),
        ("<#list input.users as u>", "never closed"),
        ("</#if>", "closes nothing"),
        ("<#list input.users>x</#list>", "write <#list sequence as name>"),
        ("<#assign x>", "write <#assign name = value>"),
        ("${input.name", "never closed with }"),
        ("${input.name?url}", "?url is not among the built-ins: c, string"),
        ("${input.name ~ 1}", "'~ 1' in 'input.name ~ 1' is not understood"),
        ("${input.users.size()}", "the call size() is not part"),
        ("${input.}", "breaks off"),
        ("${(1}", "never closed"),
        ("${input[1}", "never closed"),
        ("${1 2}", "'2' in '1 2' is not understood"),
        ("${UtilClass.now()}", "UtilClass has toJsonString"),
        ("#{1}", "write ${...}"),
        ("${.now}", "'.' in '.now' is not understood"),
        ("${input.'a'}", "is no name"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(source: str, said: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        Template(source)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("${input.nothing}", "a value is missing; give it a default with !"),
        ("${input.no.thing}", "there is nothing in which to look for 'thing'"),
        ("${input.cohort_id.x}", "has no 'x'"),
        ("${input.users}", "list cannot be written as text"),
        ("<#if input.cohort_id>x</#if>", "a condition is true or false"),
        ("<#if input.nothing == 1>x</#if>", "one side of == has no value"),
        ("<#if input.cohort_id gt 1>x</#if>", "compares numbers"),
        ("<#list input.cohort_id as x>x</#list>", "<#list> needs a sequence"),
        ("${input.cohort_id?keys}", "has no keys"),
        ("${input.cohort_id?first}", "is no sequence"),
        ("${input.cohort_id?number}", "is no number"),
    ],
)
def test_what_cannot_be_filled_in_says_why(source: str, said: str) -> None:
    with pytest.raises(RenderingFailed) as failed:
        render(source)
    assert said in str(failed.value)
