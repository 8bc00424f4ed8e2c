"""What `Settings` promises: typed values, or an error that names the variable."""

from __future__ import annotations

import dataclasses

import pytest

from common.settings import ContentSettings, NormaliseSettings, RouteSettings, SettingError

NORMALISE = {
    "EVENTS_STREAM": "weir-test-events",
    "ERRORS_STREAM": "weir-test-errors",
    "OVERSIZED_BUCKET": "weir-test-archive",
    "DEFAULT_TENANT": "default",
    "DEFAULT_TYPE": "",
}
SEARCH = {"SEARCH_ENDPOINT": "search-weir.eu-central-1.es.amazonaws.com", "AWS_REGION": "eu-central-1"}
CONTENT = SEARCH | {"FINE_GRAINED_ACCESS": "true", "WRITER_ROLE_ARNS": "arn:aws:iam::1:role/a, arn:aws:iam::1:role/b"}


def test_a_field_is_the_variable_of_its_name_in_upper_case() -> None:
    settings = NormaliseSettings.read(NORMALISE)
    assert (settings.events_stream, settings.errors_stream) == ("weir-test-events", "weir-test-errors")
    assert (settings.events_record_kib, settings.errors_record_kib) == (1_024, 4_096)
    assert settings.vpc_flow_formats == ()


def test_formats_of_flow_logs_are_separated_by_commas() -> None:
    settings = NormaliseSettings.read(NORMALISE | {"VPC_FLOW_FORMATS": "version srcaddr start,start end dstaddr"})
    assert settings.vpc_flow_formats == ("version srcaddr start", "start end dstaddr")


@pytest.mark.parametrize("name", sorted(NORMALISE))
def test_a_missing_variable_is_named(name: str) -> None:
    variables = {key: value for key, value in NORMALISE.items() if key != name}
    with pytest.raises(SettingError, match=f"environment variable {name} is not set"):
        NormaliseSettings.read(variables)


def test_settings_cannot_be_changed() -> None:
    settings = NormaliseSettings.read(NORMALISE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.events_stream = "other"  # type: ignore[misc]  # that it is refused is what is tested


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="EVENTS_RECORD_KIB: 'large' is not a whole number"):
        NormaliseSettings.read(NORMALISE | {"EVENTS_RECORD_KIB": "large"})


def test_a_switch_is_true_or_false_and_nothing_else() -> None:
    assert ContentSettings.read(CONTENT).fine_grained_access is True
    with pytest.raises(SettingError, match="FINE_GRAINED_ACCESS: 'yes' is neither true nor false"):
        ContentSettings.read(CONTENT | {"FINE_GRAINED_ACCESS": "yes"})


def test_a_list_is_separated_by_commas_and_may_be_empty() -> None:
    assert ContentSettings.read(CONTENT).writer_role_arns == ("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b")
    assert ContentSettings.read(CONTENT | {"WRITER_ROLE_ARNS": ""}).writer_role_arns == ()


def test_the_domain_is_reached_by_https_unless_an_endpoint_is_given() -> None:
    variables = SEARCH | {"ERRORS_STREAM": "weir-test-errors"}
    assert RouteSettings.read(variables).search_url == "https://search-weir.eu-central-1.es.amazonaws.com"
    local = variables | {"AWS_ENDPOINT_URL_OPENSEARCH": "http://127.0.0.1:9200/"}
    assert RouteSettings.read(local).search_url == "http://127.0.0.1:9200"
