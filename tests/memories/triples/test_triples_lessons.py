"""Lessons token by token: what is shown, what is learned, and where it is cut, with tokenizers of three families."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from addenda.errors import InvalidInput
from addenda.memories.triples.calls import Query, Statement
from addenda.memories.triples.examples import ReadExample, WriteExample
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.prompts import write_prompt_tokens
from addenda.memories.triples.syntax import (
    CALL_START,
    find_read_call,
    parse_read,
    parse_results,
    parse_write,
    read_call,
    restore_names,
    results,
    strip_calls,
    too_broad,
    write_call,
    write_prompt,
)
from addenda.models.bundled import weights_directory
from addenda.models.local import LocalModel
from addenda.models.training import Example

QUERIES = (Query("Nora Vint", "owner of", None), Query(None, "made by", "Nora Vint"))
READ = ReadExample(
    prompt="Nora Vint runs", queries=QUERIES, names=("Halm Works", "Wend Mill"), continuation=" Halm Works.", ends=True
)
ASKED = ReadExample(
    asked=True,
    prompt="What does Nora Vint run?",
    queries=QUERIES[:1],
    names=("Halm Works",),
    continuation="Halm Works.",
    ends=True,
)
WRITE = WriteExample(
    context=("Nora Vint blows glass. ", "She is known. "),
    focus="Vint runs Halm Works.",
    statements=(Statement("Vint", "owner of", "Halm Works"), Statement("Halm Works", "founded by", "Nora Vint")),
)


@cache
def bundled() -> PreTrainedTokenizerBase:
    """The tokenizer of the bundled model: it puts a blank before every piece, and knows the marks."""
    return cast("PreTrainedTokenizerBase", AutoTokenizer.from_pretrained(weights_directory()))


@cache
def bytewise() -> PreTrainedTokenizerBase:
    """One token for each byte, blanks as they are, as in GPT-2 and Qwen."""
    vocabulary = {piece: number for number, piece in enumerate(["</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")


@cache
def sentencepiece_like() -> PreTrainedTokenizerBase:
    """One token a character, a blank put before every piece, a token at the beginning, as in Llama 2 and Mistral."""
    characters = ["▁", *(chr(code) for code in range(33, 127)), "\n"]
    vocabulary = {piece: number for number, piece in enumerate(["<s>", "</s>", "<unk>", *characters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


TOKENIZERS = (bundled, bytewise, sentencepiece_like)
every_tokenizer = pytest.mark.parametrize(
    "tokenizer", [make() for make in TOKENIZERS], ids=[m.__name__ for m in TOKENIZERS]
)


def backend(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """What a tokenizer is made of."""
    assert isinstance(tokenizer, PreTrainedTokenizerFast)
    return tokenizer.backend_tokenizer


def decoded(tokenizer: PreTrainedTokenizerBase, tokens: Iterable[int]) -> str:
    """The text of tokens."""
    return cast("str", tokenizer.decode(list(tokens)))


def pieces(tokenizer: PreTrainedTokenizerBase, lesson: Example) -> list[tuple[str, bool]]:
    """The stretches of a lesson that are learned or not, as text."""
    assert len(lesson.tokens) == len(lesson.learn)
    runs = groupby(zip(lesson.tokens, lesson.learn, strict=True), key=lambda pair: pair[1])
    return [(decoded(tokenizer, (token for token, _ in run)).strip(), learned) for learned, run in runs]


def plain(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[int, ...]:
    """The tokens of a piece by itself."""
    return tuple(tokenizer.encode(text, add_special_tokens=False))


def test_of_a_read_example_the_call_and_what_follows_are_learned_and_never_the_names() -> None:
    tokenizer = bundled()
    lesson = LessonMaker(tokenizer).lesson(READ)
    parts = [
        (plain(tokenizer, "Nora Vint runs"), False),
        (plain(tokenizer, "({MEM_READ(Nora Vint>>owner of>>;>>made by>>Nora Vint)-->"), True),
        (plain(tokenizer, "Halm Works;Wend Mill})"), False),
        (plain(tokenizer, " Halm Works."), True),
        ((tokenizer.eos_token_id,), True),
    ]
    assert lesson.tokens == tuple(token for part, _ in parts for token in part)
    assert lesson.learn == tuple(learned for part, learned in parts for _ in part)


def test_of_a_write_example_the_call_and_its_end_are_learned() -> None:
    tokenizer = bundled()
    lesson = LessonMaker(tokenizer).lesson(WRITE)
    prompt = plain(tokenizer, "Nora Vint blows glass. She is known. ({USER_ST})Vint runs Halm Works.({USER_END})")
    call = plain(tokenizer, "({MEM_WRITE-->Vint>>owner of>>Halm Works;Halm Works>>founded by>>Nora Vint})")
    assert lesson.tokens == (*prompt, *call, tokenizer.eos_token_id)
    assert lesson.learn == (False,) * len(prompt) + (True,) * (len(call) + 1)


def test_a_sentence_that_tells_nothing_teaches_an_empty_call() -> None:
    lesson = LessonMaker(bundled()).lesson(WriteExample(context=(), focus="It rains.", statements=()))
    learned = pieces(bundled(), lesson)[-1]
    assert learned == ("({MEM_WRITE-->})<|end|>", True)


@every_tokenizer
def test_a_question_is_rendered_as_it_is_asked_and_its_answer_follows_the_names(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    lesson = LessonMaker(tokenizer, spaced=True).lesson(ASKED)
    prompt = plain(tokenizer, "<|bos|><|user|>What does Nora Vint run?<|assistant|>")
    if tokenizer.chat_template is None:
        prompt = tuple(tokenizer.encode("What does Nora Vint run?"))
    call = plain(tokenizer, read_call(ASKED.queries, spaced=True))
    brought, answer = plain(tokenizer, results(ASKED.names, spaced=True)), plain(tokenizer, "Halm Works.")
    assert lesson.tokens == (*prompt, *call, *brought, *answer, tokenizer.eos_token_id)
    counts = ((len(prompt), False), (len(call), True), (len(brought), False), (len(answer) + 1, True))
    assert lesson.learn == tuple(learned for count, learned in counts for _ in range(count))


def test_a_question_is_asked_with_the_tokens_of_the_local_model() -> None:
    model = LocalModel.load()
    lesson = LessonMaker(model.tokenizer).lesson(ASKED)
    prompt = plain(model.tokenizer, model.render(ASKED.prompt))
    assert lesson.tokens[: len(prompt)] == prompt
    assert not any(lesson.learn[: len(prompt)])


@pytest.mark.parametrize(
    ("context", "focus", "shown"),
    [
        ("", "Nora came.", "({USER_ST})Nora came.({USER_END})"),
        ("One. ", "Nora came.", "One. ({USER_ST})Nora came.({USER_END})"),
        ("({USER_END}) ", "C:\\x", "(\\&{U\\&SER_END}\\&) ({USER_ST})C:\\\\x({USER_END})"),
        ("<|end|> ", "a <|user|> b", "<\\&|end|> ({USER_ST})a <\\&|user|> b({USER_END})"),
    ],
)
def test_a_prompt_for_writing_has_marks_around_the_sentence_and_nowhere_else(
    context: str, focus: str, shown: str
) -> None:
    tokens = write_prompt_tokens(bundled(), context, focus)
    assert tuple(tokens) == plain(bundled(), shown)
    assert not set(tokens) & set(bundled().all_special_ids)
    assert tokens.count(plain(bundled(), "({")[-1]) == 2


def test_control_tokens_of_other_shapes_are_broken_up_too() -> None:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(backend(bytewise()).to_str()), eos_token="[END]"
    )
    lesson = LessonMaker(tokenizer).lesson(WriteExample(context=("[END] ",), focus="[END]", statements=()))
    assert lesson.tokens.count(tokenizer.eos_token_id) == 1
    assert decoded(tokenizer, lesson.tokens).startswith("[\\&END] ({USER_ST})[\\&END]({USER_END})")


def test_a_later_call_of_an_answer_has_what_was_said_as_context() -> None:
    example = ASKED.model_copy(update={"said": "First,", "continuation": " Halm Works."})
    shown = pieces(bundled(), LessonMaker(bundled()).lesson(example))
    assert [learned for _, learned in shown] == [False, True, False, True]
    assert shown[0][0].endswith("<|assistant|> First,")


def test_without_queries_only_the_answer_is_learned() -> None:
    example = ReadExample(asked=True, prompt="Hello?", continuation="Good day.", ends=True)
    shown = pieces(bundled(), LessonMaker(bundled()).lesson(example))
    assert shown == [("<|bos|><|user|> Hello?<|assistant|>", False), ("Good day.<|end|>", True)]


def test_a_call_that_brings_nothing_is_learned_by_itself() -> None:
    shown = pieces(bundled(), LessonMaker(bundled()).lesson(ReadExample(prompt="Nora runs", queries=QUERIES[:1])))
    assert shown[0] == ("Nora runs", False)
    assert shown[1][1]
    assert parse_read(shown[1][0]).queries == QUERIES[:1]
    assert len(shown) == 2


def test_a_count_that_is_too_broad_is_not_learned() -> None:
    example = ReadExample(
        asked=True, prompt="Who?", queries=QUERIES[:1], too_broad=294, continuation="Many.", ends=True
    )
    lesson = LessonMaker(bundled()).lesson(example)
    brought = plain(bundled(), too_broad(294))
    place = len(lesson.tokens) - len(brought) - len(plain(bundled(), "Many.")) - 1
    assert lesson.tokens[place : place + len(brought)] == brought
    assert not any(lesson.learn[place : place + len(brought)])
    assert all(lesson.learn[place + len(brought) :])


@every_tokenizer
def test_without_its_call_the_text_reads_on_with_single_blanks(tokenizer: PreTrainedTokenizerBase) -> None:
    lesson = LessonMaker(tokenizer).lesson(READ)
    text = decoded(tokenizer, lesson.tokens[:-1])
    assert "  " not in text
    assert strip_calls(text).removeprefix("<s>").strip() == "Nora Vint runs Halm Works."


@every_tokenizer
@pytest.mark.parametrize("spaced", [True, False])
def test_what_is_learned_can_be_parsed_from_its_tokens(tokenizer: PreTrainedTokenizerBase, spaced: bool) -> None:
    maker = LessonMaker(tokenizer, spaced=spaced)
    tokens, learn = maker.lesson(WRITE).tokens, maker.lesson(WRITE).learn
    call = parse_write(decoded(tokenizer, [t for t, learned in zip(tokens, learn, strict=True) if learned][:-1]))
    assert (call.statements, call.problems) == (WRITE.statements, ())
    text = decoded(tokenizer, maker.lesson(READ).tokens[:-1])
    found = find_read_call(text)
    assert found is not None
    assert parse_read(found.text).queries == READ.queries
    assert parse_results(text[found.end : text.index("})", found.end) + 2]).names == READ.names


AWKWARD = ("a;b", "-->", "x\\y", "({MEM_READ(", ">>", "Nora", "; ", "--", "<|end|>")


@settings(max_examples=60)
@given(
    names=st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=3, unique=True),
    said=st.lists(st.sampled_from((*AWKWARD, " and ", "(", "{", ">")), min_size=1, max_size=5).map("".join),
)
def test_what_is_to_be_said_has_no_live_mark_and_names_as_the_results_spell_them(names: list[str], said: str) -> None:
    tokenizer = bytewise()
    example = ReadExample(prompt="It is", queries=QUERIES[:1], names=tuple(names), continuation=" " + said)
    lesson = LessonMaker(tokenizer).lesson(example)
    text = decoded(tokenizer, lesson.tokens)
    after = text[text.index("})") + 2 :]
    assert CALL_START not in after
    assert "-->" not in after
    assert ">>" not in after
    if said in names:
        assert restore_names(after, names) == " " + said


def test_a_call_that_stands_in_a_text_is_not_live_there() -> None:
    example = ReadExample(prompt="({MEM_READ(a>>b>>)--> is", continuation=" a call.", ends=True)
    text = decoded(bytewise(), LessonMaker(bytewise()).lesson(example).tokens)
    assert text == "(\\&{M\\&EM_READ(a>\\&>b>\\&>)-\\&-> is a call.</s>"
    assert find_read_call(text) is None


def test_control_tokens_of_a_text_are_not_the_models_own() -> None:
    example = ReadExample(prompt="Nora <|end|> runs", continuation=" Halm <|user|> Works.", ends=True)
    lesson = LessonMaker(bundled()).lesson(example)
    special = set(bundled().all_special_ids)
    assert [token for token in lesson.tokens if token in special] == [bundled().eos_token_id]
    with pytest.raises(InvalidInput, match=r"has the control token '<\|end\|>' of the model in it; take it out"):
        LessonMaker(bundled()).lesson(ReadExample(asked=True, prompt="<|end|>?", continuation="No."))


@every_tokenizer
def test_a_text_loses_its_first_tokens_and_nothing_that_is_learned(tokenizer: PreTrainedTokenizerBase) -> None:
    long = READ.model_copy(update={"prompt": "word " * 300 + READ.prompt})
    whole = LessonMaker(tokenizer, limit=10_000).lesson(long)
    for limit in (len(LessonMaker(tokenizer).lesson(READ).tokens) + 9, 400):
        cut = LessonMaker(tokenizer, limit=limit).lesson(long)
        opening = 1 if whole.tokens[0] == tokenizer.bos_token_id else 0
        assert len(cut.tokens) == limit
        assert cut.tokens[:opening] == whole.tokens[:opening]
        assert cut.tokens[opening:] == whole.tokens[len(whole.tokens) - limit + opening :]
        assert sum(cut.learn) == sum(whole.learn)


@every_tokenizer
def test_a_context_loses_its_first_sentences_whole(tokenizer: PreTrainedTokenizerBase) -> None:
    context = tuple(f"This is number {number}. " for number in range(40))
    long = WRITE.model_copy(update={"context": context})
    limit = len(LessonMaker(tokenizer).lesson(WRITE).tokens) + 60
    lesson = LessonMaker(tokenizer, limit=limit).lesson(long)
    call = (*plain(tokenizer, write_call(WRITE.statements)), tokenizer.eos_token_id)
    assert len(lesson.tokens) <= limit
    assert lesson.tokens[-len(call) :] == call
    prompts = [write_prompt_tokens(tokenizer, "".join(context[n:]), WRITE.focus) for n in range(1, 41)]
    longest = next(prompt for prompt in prompts if len(prompt) + len(call) <= limit)
    assert list(lesson.tokens[: -len(call)]) == longest
    shortest = LessonMaker(tokenizer, longest_prompt=len(prompts[-1])).lesson(long)
    assert shortest.tokens == (*plain(tokenizer, write_prompt("", WRITE.focus)), *call)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (WRITE, r"the sentence 'Vint runs Halm Works\.' has \d+ tokens with its marks, and its call leaves \d+"),
        (READ, r"what is to be learned leaves \d+ of 30 tokens for 'Nora Vint runs', which needs 1 at least"),
        (
            ASKED,
            r"what is to be learned leaves \d+ of 30 tokens for 'What does Nora Vint run\?', which needs \d+ at least",
        ),
    ],
)
def test_what_would_have_to_be_cut_is_refused(example: WriteExample | ReadExample, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        LessonMaker(bundled(), limit=30).lesson(example)


def test_a_prompt_may_be_cut_to_one_token_and_no_further() -> None:
    needed = len(LessonMaker(bundled()).lesson(READ).tokens) - len(plain(bundled(), READ.prompt))
    assert len(LessonMaker(bundled(), limit=needed + 1).lesson(READ).tokens) == needed + 1
    with pytest.raises(InvalidInput):
        LessonMaker(bundled(), limit=needed).lesson(READ)


def test_of_many_examples_those_that_do_not_fit_are_named() -> None:
    longer = WriteExample(source="b, 2", context=(), focus="word " * 90 + ".", statements=())
    made = LessonMaker(bundled(), limit=90).lessons([WRITE, longer, READ])
    assert [len(made.made), len(made.refused)] == [2, 1]
    assert made.made[1] == LessonMaker(bundled(), limit=90).lesson(READ)
    assert made.refused[0].startswith("example 2 ('b, 2'): the sentence 'word word")


def test_a_tokenizer_without_an_end_token_is_refused() -> None:
    endless = PreTrainedTokenizerFast(tokenizer_object=backend(bytewise()))
    with pytest.raises(InvalidInput, match="has no end token"):
        LessonMaker(endless).lesson(WRITE)
