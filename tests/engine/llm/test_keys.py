from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.llm.errors import ModelsError
from engine.llm.keys import Server, find_server, is_local, read_env
from engine.llm.redact import Redactor, Secret

KEY = "sk-test-0123456789abcdef"


def key_of(server: Server) -> str | None:
    return server.key.reveal() if server.key else None


def problem(url: str, environment: dict[str, str], folder: Path) -> str:
    with pytest.raises(ModelsError) as caught:
        find_server(url, environment, folder)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_openai_is_asked_with_its_key_where_nothing_else_is_said(tmp_path: Path) -> None:
    found = find_server("", {"OPENAI_API_KEY": f" {KEY}\n"}, tmp_path)
    assert (found.address, key_of(found)) == ("https://api.openai.com/v1", KEY)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-the-file\n")
    assert key_of(find_server("", {}, tmp_path)) == "from-the-file"
    assert key_of(find_server("", {"OPENAI_API_KEY": KEY}, tmp_path)) == KEY


def test_the_file_is_looked_for_up_to_the_root_of_the_repository_and_no_further(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".env").write_text("OPENAI_API_KEY=of-a-stranger\n")
    problem("", {}, inner)
    (tmp_path / "repo" / ".git").mkdir()
    problem("", {}, inner)
    (tmp_path / "repo" / ".env").write_text("OPENAI_API_KEY=of-the-repository\n")
    assert key_of(find_server("", {}, inner)) == "of-the-repository"


def test_nothing_is_put_into_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    before = dict(os.environ)
    find_server("", {}, tmp_path)
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "openai-key"),
        ("https://eu.api.openai.com/v1", "openai-key"),
        ("https://openrouter.ai/api/v1", "openrouter-key"),
        ("http://localhost:11434/v1", "openai-key"),
        ("http://192.168.1.5:8000/v1", None),
    ],
)
def test_a_key_goes_where_it_belongs(tmp_path: Path, url: str, expected: str | None) -> None:
    environment = {"OPENAI_API_KEY": "openai-key", "OPENROUTER_API_KEY": "openrouter-key"}
    assert key_of(find_server(url, environment, tmp_path)) == expected


@pytest.mark.parametrize("url", ["https://api.evil-openai.com/v1", "https://openai.com.evil.io/v1"])
def test_a_key_goes_to_no_namesake(tmp_path: Path, url: str) -> None:
    text = problem(url, {"OPENAI_API_KEY": KEY, "OPENROUTER_API_KEY": KEY}, tmp_path)
    assert "FINCH_API_KEY" in text


def test_finchs_own_key_goes_to_any_server(tmp_path: Path) -> None:
    environment = {"FINCH_API_KEY": KEY, "OPENAI_API_KEY": "other"}
    for url in ("https://models.example/v1", "http://localhost:8000/v1", ""):
        assert key_of(find_server(url, environment, tmp_path)) == KEY


def test_the_openai_key_goes_to_the_base_url_set_in_the_same_place_only(tmp_path: Path) -> None:
    here = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://gateway.example/v1"}
    found = find_server("", here, tmp_path)
    assert (found.address, key_of(found)) == ("https://gateway.example/v1", KEY)
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=https://evil.example/v1\n")
    assert "evil.example" in problem("", {"OPENAI_API_KEY": KEY}, tmp_path)
    assert "http.example" in problem("http://http.example/v1", here, tmp_path)


def test_the_openai_key_goes_to_an_address_that_was_typed_and_to_none_from_a_file(
    tmp_path: Path,
) -> None:
    url, here = "https://models.example/v1", {"OPENAI_API_KEY": KEY}
    assert key_of(find_server(url, here, tmp_path, typed=True)) == KEY
    assert "--llm-base-url" in problem(url, here, tmp_path)


def test_a_missing_key_says_which_and_where_to_put_it(tmp_path: Path) -> None:
    assert "OPENAI_API_KEY" in problem("", {}, tmp_path)
    assert "openrouter.ai" in problem("", {"OPENROUTER_API_KEY": KEY}, tmp_path)
    assert "OPENROUTER_API_KEY" in problem("https://openrouter.ai/api/v1", {}, tmp_path)


@pytest.mark.parametrize("bad", ["sk-ключ-0123456789", "sk-one\nsk-two", "two words"])
def test_a_garbled_key_is_not_quoted(tmp_path: Path, bad: str) -> None:
    text = problem("", {"OPENAI_API_KEY": bad}, tmp_path)
    assert "OPENAI_API_KEY" in text
    assert bad not in text


@pytest.mark.parametrize(
    "url", ["localhost:11434", "ftp://host/v1", "http://", "http://h:99999999"]
)
def test_an_address_that_is_none_is_refused_with_an_example(tmp_path: Path, url: str) -> None:
    assert "http://localhost:11434/v1" in problem(url, {}, tmp_path)


def test_secrets_of_an_address_are_not_shown(tmp_path: Path) -> None:
    found = find_server("https://me:hunter2hunter2@h.example:8/v1/?code=queryquery", {}, tmp_path)
    assert found.address == "https://h.example:8/v1"
    assert "hunter2" not in repr(found)
    assert "queryquery" not in repr(found)
    said = found.redactor.words("refused hunter2hunter2 and queryquery")
    assert said == "refused [redacted] and [redacted]"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == KEY
    with pytest.raises(TypeError, match="does not leave"):
        pickle.dumps(secret)


def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"OPENAI_API_KEY=sk-test-0123456789abcdef\xff\n")
    text = problem("", {}, tmp_path)
    assert str(tmp_path / ".env") in text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A = b  ", "b"),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=b c", "b c"),
        ("A='b # c'  # d", "b # c"),
        ('A="b\\n\\"c\\""', 'b\n"c"'),
        ("A='b\\n'", "b\\n"),
        ("A='#'", "#"),
        ("A=", ""),
        ("A=# nothing", ""),
        ("A=x=y", "x=y"),
        ("\ufeffA=b", "b"),
        ("A=b\r", "b"),
        ("A=1\nA=2", "2"),
        ("# A=b", None),
        ("A b", None),
        ("1A=b", None),
    ],
)
def test_a_line_of_a_env_file_is_read_as_shells_do(line: str, value: str | None) -> None:
    assert read_env(line).get("A") == value


@given(st.text())
def test_any_text_can_be_read_as_a_env_file(text: str) -> None:
    assert all(name.isidentifier() for name in read_env(text))


@given(
    st.text(alphabet=st.characters(exclude_characters="'\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
)
def test_single_quotes_keep_a_value_as_it_is(value: str) -> None:
    assert read_env(f"A='{value}'") == {"A": value}


@given(before=st.text(), after=st.text(), cut=st.integers(8, len(KEY)))
def test_no_beginning_of_a_known_key_survives(before: str, after: str, cut: int) -> None:
    key = "Zq7-9f8e7d6c5b4a"
    said = Redactor([Secret(key)]).words(f"{before}{key[:cut]}{after}")
    assert key[:8] not in said or key[:8] in before + after


SECRET = "Zq7-9f8e7d6c5b4a-Kx31"


@given(before=st.text(), after=st.text(), start=st.integers(0, 9), length=st.integers(12, 21))
def test_no_part_of_a_known_key_survives_in_an_answer(
    before: str, after: str, start: int, length: int
) -> None:
    part = SECRET[start : start + length]
    said = Redactor([Secret(SECRET)]).answer(f"{before}{part}{after}")
    whole = before + after
    assert all(said.count(p) <= whole.count(p) for p in (part, part[:12], part[-12:]))


@given(st.text(alphabet=st.sampled_from([*SECRET, " "]), max_size=60))
def test_of_an_answer_nothing_is_taken_but_parts_of_a_key(text: str) -> None:
    said = Redactor([Secret(SECRET)]).answer(text)
    assert [one for one in _twelves(said) if one in SECRET] == []
    if not any(one in SECRET for one in _twelves(text)):
        assert said == text


def _twelves(text: str) -> list[str]:
    return [text[i : i + 12] for i in range(len(text) - 11)]


def test_ordinary_words_survive_though_a_secret_holds_them() -> None:
    title = Secret("Finch: evolutionary search for trading strategies")
    text = "An evolutionary search; trading strategies that last."
    assert Redactor([title]).answer(text) == text
    assert Redactor([title]).answer(f"<{title.reveal()}>") == "<[redacted]>"


def test_a_cut_beginning_of_a_key_is_no_ordinary_word() -> None:
    said = Redactor([Secret("canary-for-this-trial")]).answer("it is canary-for-thi, I think")
    assert said == "it is [redacted], I think"


def test_what_is_sent_for_an_address_is_known_as_it_travels(tmp_path: Path) -> None:
    found = find_server("https://me:hunter%2F2hunter2@h.example/v1?code=query/query", {}, tmp_path)
    seen = "hunter/2hunter2 hunter%2F2hunter2 bWU6aHVudGVyLzJodW50ZXIy query/query query%2Fquery"
    assert found.redactor.answer(seen) == " ".join(["[redacted]"] * 5)


@pytest.mark.parametrize(
    ("url", "base", "typed", "expected"),
    [
        ("https://api.openai.com/v1", "", False, True),
        ("http://localhost:11434/v1", "", False, True),
        ("", "https://gateway.example/v1", False, True),
        ("https://h.example/v1", "", True, True),
        ("https://h.example/v1", "", False, False),
        ("https://h.example/v1", "https://gateway.example/v1", False, False),
        ("https://openrouter.ai/api/v1", "", False, False),
    ],
)
def test_headers_of_the_environment_are_for_whom_its_openai_key_is(
    tmp_path: Path, url: str, base: str, typed: bool, expected: bool
) -> None:
    environment = {"FINCH_API_KEY": KEY} | ({"OPENAI_BASE_URL": base} if base else {})
    assert find_server(url, environment, tmp_path, typed=typed).takes_headers is expected


def test_a_base_url_from_a_file_does_not_get_the_headers_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=https://evil.example/v1\nFINCH_API_KEY=mine")
    assert not find_server("", {}, tmp_path).takes_headers


def test_long_lines_made_to_be_slow_are_read_all_the_same() -> None:
    assert read_env("A=b" + " " * 200_000 + "x")["A"].endswith("x")
    assert len(Redactor().words("eyJ-" * 200_000, 2_000)) == 2_000


def test_hosts_of_ones_own_need_no_key() -> None:
    local = ["localhost", "127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "box", "box.local"]
    assert all(is_local(host) for host in local)
    assert not any(is_local(host) for host in ("8.8.8.8", "api.openai.com", "localhost.evil.com"))
