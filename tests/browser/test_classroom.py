"""A class in Chromium: the teacher's deck at 1280 × 720 and the phones of two students, by `make class`."""

import asyncio
import re
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from classroom import pages, server, shelf
from classroom.room import Room
from tests.browser.test_axe import serious
from tests.browser.test_slides import DRAWN, WRONG
from tests.ports import free_port
from tools.chinese import on_pages
from tools.notebooks import ROOT
from tools.site.decks import class_words

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("classroom")]
expect.set_options(timeout=15000)


class Host:
    """A class that is served in a thread; it can be stopped and started again, as after a crash."""

    def __init__(self, folder: Path) -> None:
        paths = [ROOT / "notebooks" / name for name in ("00_start_here.ipynb", "01_motivation.ipynb")]
        kept = pages.write(paths, folder / "pages")
        self.files = server.load(folder / "pages", kept.hidden)
        self.questions, self.votes = kept.questions, folder / "votes.jsonl"
        self.url = f"http://127.0.0.1:{free_port()}/"
        self.start()

    def start(self) -> None:
        ready = threading.Event()

        async def serve() -> None:
            self.room = Room(self.questions, self.votes)
            self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
            port = int(self.url.rstrip("/").rpartition(":")[2])
            served = server.listen(self.room, self.files, shelf.door(self.url, ["class1"]), "127.0.0.1", port)
            ready.set()
            await self.ended.wait()
            served.stop()
            await served.close_all_connections()
            self.room.close()

        self.thread = threading.Thread(target=asyncio.run, args=[serve()])
        self.thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("class"))
    yield host
    host.stop()


@pytest.fixture
def opened(browser, host):
    """Opens a page in a browser of its own: a student's phone, or the teacher's screen."""
    contexts, trouble = [], []

    def open(path: str = "", key: bool = False):
        size = {"width": 1280, "height": 720} if key else {"width": 390, "height": 844}
        contexts.append(browser.new_context(viewport=size))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        if key:
            page.goto(f"{host.url}teacher?key={host.room.key}")
        page.goto(host.url + path)
        page.wait_for_selector("body[data-widgets=shown].in-class")
        return page

    yield open
    assert trouble == []
    for context in contexts:
        context.close()


def turn_to(deck, text: str):
    """Turn the slides of a deck until one asks this."""
    deck.evaluate("document.activeElement.blur()")
    if not deck.locator(".projecting").count():
        deck.keyboard.press("p")
    deck.keyboard.press("Home")
    for _ in range(60):
        if deck.locator(f"main :text('{text}'):visible").count():
            return
        deck.keyboard.press("PageDown")
        deck.evaluate(DRAWN)
    raise AssertionError(f"no slide has {text}")


def choose(phone, option: int):
    phone.locator(".mtl-ask:visible label").nth(option).click()
    phone.locator(".mtl-ask:visible [type=submit]").click()
    expect(phone.locator(".room-note:visible")).to_contain_text("Your vote is in")


def counts(deck) -> list[list[str]]:
    """What the bars on the slide say, for each option."""
    options = deck.locator(".mtl-ask:visible label")
    return [option.locator("b").all_inner_texts() for option in options.all()]


def test_vote_bars_without_answer_vote_again_open(opened, host):
    deck, ann, bob = opened("class1.html", key=True), opened(), opened()
    expect(ann.locator(".room-none")).to_be_visible()
    turn_to(deck, "Predict · C1.P2")
    question = host.questions["C1.P2"]
    for phone in (ann, bob):
        expect(phone.get_by_text(question.text)).to_be_visible()
    for page in (deck, ann):  # on the wall and on phones what the question needs stands above it
        expect(page.locator(".mtl-setup:visible")).to_have_text(class_words()["C1.P2"]["setup"])
    choose(ann, 1)
    choose(bob, 2)
    expect(deck.locator(".room-count:visible")).to_have_text("2 of 2 voted")
    assert counts(deck) == [[], [], []]
    deck.keyboard.press("b")
    expect(deck.locator(".room-bars:visible")).to_have_count(3)
    assert counts(deck) == [["0"], ["1"], ["1"]]
    for page in (deck, ann, bob):
        assert page.locator(".mtl-right, .mtl-ask .mtl-verdict, .room-vote.right").count() == 0
    assert deck.evaluate(WRONG) == []
    deck.keyboard.press("a")
    expect(ann.locator(".room-note:visible")).to_contain_text("Vote again")
    choose(ann, 0)
    expect(deck.locator(".room-count:visible")).to_have_text("Second vote: 1 of 2 voted")
    assert serious(ann) == []
    deck.keyboard.press("b")
    expect(deck.locator(".room-vote:visible")).to_have_count(6)
    assert counts(deck) == [["0", "1"], ["1", "0"], ["1", "0"]]
    deck.keyboard.press("o")
    expect(ann.locator(".mtl-verdict:visible")).to_contain_text("✓ Right")
    expect(bob.locator(".mtl-verdict:visible")).to_contain_text("✗ Not so")
    expect(deck.locator(".mtl-verdict:visible")).to_contain_text("The result")
    expect(deck.locator(".room-count:visible")).to_have_text("First vote: 0 of 2 right, second vote: 1 of 1 right")
    assert deck.evaluate(WRONG) == []
    deck.locator(".room-act-clear:visible").click()
    expect(ann.locator(".mtl-ask:visible [type=submit]")).to_have_text("Vote")
    expect(deck.locator(".room-count:visible")).to_have_text("0 of 2 voted")


def test_what_is_asked_is_chinese_on_the_phones_and_the_wall_that_want_it(opened, host):
    deck, ann, bob = opened("class1.html", key=True), opened(), opened()
    turn_to(deck, "Predict · C1.P2")
    expect(ann.get_by_text(host.questions["C1.P2"].text)).to_be_visible()
    ann.get_by_role("button", name="中文").click()
    deck.keyboard.press("z")
    told = on_pages(bank=True)["C1.P2"]
    for page in (ann, deck):
        expect(page.locator(".mtl-setup:visible")).to_have_text(told[class_words()["C1.P2"]["setup"]])
        expect(page.locator(".mtl-ask:visible legend")).to_contain_text(told[host.questions["C1.P2"].text])
    assert deck.evaluate(WRONG) == []
    ann.locator(".mtl-ask:visible label").nth(1).click()
    ann.locator(".mtl-ask:visible [type=submit]").click()
    expect(ann.locator(".room-note:visible")).to_have_text("已收到你的投票。公布结果之前可以改。")
    deck.keyboard.press("o")
    mine = told[host.questions["C1.P2"].options[1]]
    expect(ann.locator(".mtl-verdict:visible")).to_contain_text(f"✗ 不是这样。你预测“{mine}”。")
    for page in (ann, deck):  # no sentence of it is left in English
        result = page.locator(".mtl-ask:visible .mtl-result")
        expect(result).to_contain_text(told[class_words()["C1.P2"]["why"]])
        assert re.findall(r"[A-Za-z]+ [a-z]+ [a-z]+", result.inner_text()) == []
    expect(bob.get_by_text(class_words()["C1.P2"]["why"])).to_be_visible()
    assert serious(ann) == []
    ann.reload()
    expect(ann.locator(".mtl-setup:visible")).to_have_text(told[class_words()["C1.P2"]["setup"]])
    ann.get_by_role("button", name="English").click()
    expect(ann.locator(".mtl-setup:visible")).to_have_text(class_words()["C1.P2"]["setup"])
    deck.locator(".room-act-clear:visible").click()


def test_numbers_are_dots_and_a_quiz_votes_as_well(opened, host):
    deck, ann = opened("class1.html", key=True), opened()
    turn_to(deck, "Predict · C0.P1")
    ann.locator("[inputmode=decimal]:visible").fill("7")  # 0,7 in a field for numbers
    ann.locator("[type=submit]:visible").click()
    expect(ann.locator(".room-bar")).to_contain_text("a number from 0 to 1, please")
    ann.locator("[inputmode=decimal]:visible").fill("0,7")
    ann.locator("[type=submit]:visible").click()
    expect(deck.locator(".room-count:visible")).to_have_text("1 of 1 voted")
    deck.keyboard.press("b")
    expect(deck.locator(".room-dots:visible circle")).to_have_count(1)
    expect(deck.locator(".room-dots:visible")).to_contain_text("median 0.7")
    assert deck.evaluate(WRONG) == []
    quiz = host.questions["C1.1"]
    turn_to(deck, f"1. {quiz.text}")
    ann.locator(".mtl-item:visible > button").nth(int(quiz.answer) - 1).click()
    expect(ann.locator(".room-note:visible")).to_contain_text("Your vote is in")
    assert ann.locator(".mtl-why:visible").count() == 0
    deck.keyboard.press("o")
    expect(ann.locator(".mtl-why:visible", has_text="✓ Right.")).to_be_visible()
    expect(ann.locator(".mtl-why:visible", has_text="✗ No.")).to_be_visible()


def test_a_chapter_votes_too_and_a_lost_connection_comes_back_with_the_vote(opened, host):
    teacher, ann = opened("01_motivation.html", key=True), opened("01_motivation.html")
    card = ann.locator(".mtl-ask", has_text="C1.P3")
    expect(ann.locator(".mtl-setup:visible")).to_have_count(0)
    host.stop()
    expect(ann.locator(".room-bar")).to_contain_text("No connection to the class")
    card.locator("label").nth(1).click()
    card.get_by_role("button", name="Vote").click()
    expect(card.locator(".room-note")).to_contain_text("Not sent yet")
    host.start()
    expect(ann.locator(".room-bar")).to_contain_text("Back in class")
    expect(card.locator(".room-note")).to_contain_text("Your vote is in")
    expect(teacher.locator(".mtl-ask", has_text="C1.P3").locator(".room-count")).to_have_text("1 of 1 voted")
    assert host.room.tally("C1.P3")["votes"] == [[0, 1, 0]]


def test_a_page_that_is_open_when_another_class_begins_is_in_that(opened, host):
    ann, today = opened("01_motivation.html"), host.votes
    host.stop()
    host.votes = today.with_name("tomorrow.jsonl")
    host.start()
    expect(ann.locator(".room-bar")).to_contain_text("Back in class")
    card = ann.locator(".mtl-ask", has_text="C1.P3")
    card.locator("label").nth(1).click()
    card.get_by_role("button", name="Vote").click()
    expect(card.locator(".room-note")).to_contain_text("Your vote is in")
    assert host.room.tally("C1.P3")["votes"] == [[0, 1, 0]]
    host.stop()
    host.votes = today
    host.start()


def test_who_goes_on_without_the_class_has_the_page_as_from_disk(opened, host):
    ann = opened("01_motivation.html")
    host.stop()
    ann.get_by_role("button", name="Go on without the class").click()
    host.start()
    card = ann.locator(".mtl-ask", has_text="C1.P1")
    card.get_by_label("your guess").fill("50")
    card.get_by_role("button", name="Commit and see").click()
    expect(card.locator(".mtl-verdict")).to_contain_text("You guessed 50")
    assert "C1.P1" not in host.room.rounds


def test_the_teachers_page_has_the_way_in_and_every_question(opened, host):
    teacher, ann = opened("class1.html", key=True), opened()
    teacher.goto(host.url + "teacher.html")
    expect(teacher.locator(".code svg")).to_be_visible()
    expect(teacher.locator(".present")).to_have_text("1 present")
    teacher.get_by_text("Ask another question").click()
    entry = teacher.locator(".others li", has_text=re.compile(r"C0\.P2\."))
    entry.get_by_role("button").click()
    choose(ann, 0)
    expect(teacher.locator("section.now .room-count")).to_have_text("1 of 1 voted")
    teacher.locator("section.now").get_by_role("button", name="Open").click()
    expect(ann.locator(".mtl-verdict:visible")).to_be_visible()
    assert serious(ann) == [] == serious(teacher)


def test_a_question_of_the_teachers_own_and_one_of_the_bank_are_asked(opened, host):
    teacher, ann = opened("class1.html", key=True), opened()
    teacher.goto(host.url + "teacher.html")
    teacher.get_by_text("Ask another question").click()
    teacher.locator(".others li", has_text="own.1").get_by_role("button").click()
    ann.locator(".mtl-item:visible > button").nth(2).click()
    expect(teacher.locator("section.now .room-count")).to_have_text("1 of 1 voted")
    assert teacher.locator("section.now").get_by_role("button", name="Open").count() == 0
    teacher.locator(".others li", has_text="bank-05.11").get_by_role("button").click()
    expect(ann.locator(".mtl-item:visible")).to_have_count(1)
    expect(ann.locator(".mtl-question:visible")).to_contain_text("A and B need different features")
    ann.get_by_role("button", name="Slower, please").click()
    expect(teacher.locator(".present")).to_contain_text("1 ask you to go slower")
    assert serious(ann) == [] == serious(teacher)


def test_the_teacher_forgets_strangers(opened, host):
    host.loop.call_soon_threadsafe(lambda: [host.room.vote(f"eve {n}", "C1.3", 1, "eve") for n in range(50)])
    teacher, ann = opened("class1.html", key=True), opened("01_motivation.html")
    teacher.goto(host.url + "teacher.html")
    row = teacher.locator(".strangers p", has_text="50 browsers voted from one address.")
    teacher.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button").click()
    expect(row).to_be_visible()
    teacher.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button").click()
    expect(teacher.locator(".strangers")).to_contain_text("No votes are taken from one address.")
    quiz = ann.locator(".mtl-item", has_text=host.questions["C1.3"].text)
    quiz.locator("button").first.click()
    expect(quiz.locator(".room-note")).to_contain_text("Your vote is in")
    assert host.room.tally("C1.3")["votes"] == [[1] + [0] * (len(host.questions["C1.3"].options) - 1)]
    teacher.get_by_role("button", name="Take them again").click()
    expect(teacher.get_by_role("button", name="Take them again")).to_have_count(0)
    assert serious(teacher) == []


def test_the_wall_asks_what_is_looked_at_and_takes_it_back(opened, host):
    deck, ann = opened("class1.html", key=True), opened()
    turn_to(deck, "Predict · C1.P1")
    expect(ann.get_by_text(host.questions["C1.P1"].text)).to_be_visible()
    turn_to(deck, "Predict · C1.P3")  # over C0.P1, C1.P1 and C1.P2
    deck.keyboard.press("PageDown")
    deck.wait_for_timeout(2500)
    assert host.room.now == "C1.P1"
    turn_to(deck, "Predict · C1.P3")
    deck.keyboard.press("v")  # at once
    expect(ann.get_by_text(host.questions["C1.P3"].text)).to_be_visible(timeout=1500)
    deck.keyboard.press("v")
    expect(ann.locator(".room-none")).to_be_visible()
    deck.wait_for_timeout(2500)
    assert host.room.now == ""


def test_a_script_follows_the_wall_and_turns_it(opened, host):
    deck, script, ann = opened("class1.html", key=True), opened("class1.html", key=True), opened()
    deck.evaluate("document.activeElement.blur()")
    for key in ("p", "Home", "PageDown"):
        deck.keyboard.press(key)
    expect(script.locator(".room-here .plan-row")).to_have_attribute("data-minutes", "0–4")
    expect(script.locator(".room-guide b")).to_contain_text("0–4 min · in time · slide 2 of")
    expect(script.locator(".room-guide")).to_contain_text(
        "Say: How do you rank videos when you want two things at once"
    )
    row = script.locator(".jp-Cell:has(.plan-row[data-minutes='54–63'])")
    row.get_by_role("button", name="On the wall").click()
    expect(deck.locator(".mtl-tag:visible")).to_have_text("Predict · C1.P2")
    expect(script.locator(".room-guide b")).to_contain_text("54–63 min · 54 min early")
    expect(script.locator(".room-guide")).to_contain_text(f"Say: {class_words()['C1.P2']['aloud']}")
    choose(ann, 2)
    expect(script.locator(".mtl-ask", has_text="C1.P2").locator(".room-rule")).to_contain_text(
        "0 of 1 right, 0%: say the"
    )
    assert deck.locator(".room-rule:visible").count() == 0
    deck.keyboard.press("a")
    choose(ann, 0)
    expect(script.locator(".room-guide")).to_contain_text(f"While they argue: {class_words()['C1.P2']['argue']}")
    deck.keyboard.press("o")
    expect(script.locator(".room-guide")).to_contain_text("Afterwards: 0.502, where a random list")
    expect(script.locator(".mtl-ask", has_text="C1.P2").locator(".room-rule")).to_contain_text(
        "1 went from wrong to right"
    )
    assert deck.evaluate(WRONG) == []
    deck.keyboard.press("PageDown")
    if deck.locator(".mtl-why:visible, .mtl-figure:visible").count():  # the reason has a page of its own
        assert deck.evaluate(WRONG) == []
        deck.keyboard.press("PageDown")
    for shown in (False, True, False):
        expect(deck.locator("main details:visible")).to_have_js_property("open", shown)
        deck.keyboard.press("o")
    deck.keyboard.press("2")
    deck.keyboard.press("Enter")
    expect(script.locator(".room-here .plan-row")).to_have_attribute("data-minutes", "0–4")
    host.room.act("clear", "C1.P2")
    assert serious(script) == []


def test_a_phone_opens_what_is_on_the_wall(opened, host):
    deck, ann = opened("class1.html", key=True), opened()
    deck.evaluate("document.activeElement.blur()")
    for key in ("p", "Home"):
        deck.keyboard.press(key)
    expect(ann.locator(".room-link")).to_be_hidden()
    for _ in range(60):
        if deck.locator(".mtl-live:visible").count():
            break
        deck.keyboard.press("PageDown")
        deck.evaluate(DRAWN)
    with ann.context.expect_page() as page:
        ann.get_by_text("Open what is on the wall").click()
    page.value.wait_for_selector("body[data-widgets=shown]")
    assert page.value.locator(":target .mtl-live").count() == 1
    assert serious(ann) == []
