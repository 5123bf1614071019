"""scache-driver: scripts give the transcripts that belong to them, and random ones the model's."""

import pathlib
import random
import subprocess

import pytest

from support.programs import ours
from support.scache_model import DriverModel, MultiModel

STRESS = pathlib.Path(__file__).parents[1] / "stress"
SCRIPTS = sorted(STRESS.glob("*.script"))
EXTENDED = sorted(STRESS.glob("*.xscript"))
CLIENTS = [path for path in EXTENDED if "clnt" in path.read_text()]
assert SCRIPTS and EXTENDED and CLIENTS  # where there is nothing, pytest skips
GENERATED = 200


def drive(script, *options):
    """The transcript and the exit status."""
    done = subprocess.run([ours("scache-driver"), *options], input=script.encode(), timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode(), done.returncode


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_transcripts(path):
    transcript, _ = drive(path.read_text(), "-m")
    assert transcript == path.with_suffix(".transcript").read_text()


@pytest.mark.parametrize("path", EXTENDED, ids=lambda path: path.stem)
def test_transcripts_of_extended_scripts(path):
    transcript, status = drive(path.read_text(), "-mx")
    assert transcript == path.with_suffix(".transcript").read_text()
    assert status == (1 if path.stem == "disappointed" else 0)


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_transcripts_are_the_same_on_the_second_socket(path):
    def second(text):
        return text.replace("cache_type clnt", "cache_type extension")

    transcript, status = drive(second(path.read_text()), "-mx")
    assert transcript == second(path.with_suffix(".transcript").read_text())
    assert status == 0


@pytest.mark.parametrize("name", ["sessions-and-bindings-expire-alone", "order-within-a-moment"])
def test_transcripts_on_the_machines_clock(name):
    transcript, _ = drive((STRESS / f"{name}.script").read_text())
    assert transcript == (STRESS / f"{name}.transcript").read_text()


def generate(seed):
    """Few names and short times, so that they collide."""
    dice = random.Random(seed)
    lines = []
    for _ in range(dice.randint(5, 60)):
        kind = dice.choices(["save_endp", "save_dest", "find_endp", "find_dest", "sleep"],
                            weights=[4, 4, 3, 3, 2])[0]
        endpoint, destination = f"e{dice.randrange(3)}", f"d{dice.randrange(3)}"
        ttl, properties = dice.randint(1, 4), f"p{dice.randrange(3)}"
        lines.append({
            "save_endp": f"save_endp {ttl} {endpoint} {properties} {100 + len(lines)}",
            "save_dest": f"save_dest {ttl} {destination} {properties} {endpoint}",
            "find_endp": f"find_endp {endpoint}",
            "find_dest": f"find_dest {destination}",
            "sleep": f"sleep {dice.randint(1, 3)}",
        }[kind])
    return lines


def test_generated_scripts_agree_with_the_model():
    for seed in range(GENERATED):
        lines = generate(seed)
        model = MultiModel()
        expected = ">>> verbose 1\n>>> cache_type multi\n"
        for line in lines:
            expected += f">>> {line}\n"
            expected += "".join(f"unknown: {told}\n" for told in model.run(line))
        transcript, status = drive("\n".join(["verbose 1", "cache_type multi", *lines, ""]), "-m")
        assert (transcript, status) == (expected, 0), f"seed {seed}"


MISTAKES = ["quit", "find_endp", "find_dest d1 d2", "save_endp 0 e1 p1 300", "save_endp 2 e1 p1 0",
            "save_endp 2 e1 p1", "save_dest x d1 p1 e1", "sleep 0", "sleep", "verbose",
            "cache_type", "repeat 3 {", "expect miss"]
# The numbers in a line may look as atoi() likes them; quiet while the cache changes.
ASIDES = ["", "   ", "# sleep 9", "#", "verbose 0", "verbose 1", "verbose 2x", "verbose x",
          "verbose 0\ncache_type single\nverbose 1", "verbose 0\ncache_type multi\nverbose 1",
          "verbose 0\ncache_type clnt\nverbose 1", "find_endp e1 ", " find_dest\td1",
          "save_endp 2x e1 p1 +{}", "save_dest +3 d1 p1 e1", "sleep 01"]


def generate_with_errors(seed):
    """Any line of the original's language, but no 13 mistakes."""
    dice = random.Random(seed)
    lines = []
    if dice.random() < 0.9:
        lines.append(dice.choice(["cache_type multi", "cache_type single"]))
    for line in generate(seed):
        lines.append(line)
        if dice.random() < 0.3:
            lines += dice.choice(ASIDES).format(400 + len(lines)).split("\n")
    for _ in range(dice.randint(0, 3)):
        lines.insert(dice.randint(0, len(lines)), dice.choice(MISTAKES))
    return lines


def test_generated_scripts_with_everything_agree_with_the_model():
    compared = 0
    for seed in range(2 * GENERATED):
        lines = generate_with_errors(seed)
        model = DriverModel()
        expected = [told for line in lines for told in model.run(line)]
        if sum(": error: " in told for told in expected) > 12:
            continue
        transcript, status = drive("\n".join([*lines, ""]), "-m")
        assert (transcript.splitlines(), status) == (expected, 0), f"seed {seed}"
        compared += 1
    assert compared >= GENERATED


@pytest.mark.parametrize("cache", ["multi", "clnt"])
def test_generated_expectations_hold(cache):
    for seed in range(GENERATED):
        model = MultiModel()
        script = ["verbose 0", f"cache_type {cache}"]
        for line in generate(seed):
            script.append(line)
            result, properties = model.found(line)
            if result:
                script.append(" ".join(["expect", result, *properties]))
        transcript, status = drive("\n".join([*script, ""]), "-mx")
        assert status == 0, f"seed {seed}\n{transcript}"


@pytest.mark.parametrize("cache", ["multi", "clnt"])
def test_clients_keep_their_cache(cache):
    script = f"verbose 0\ncache_type {cache}\nclients 2 {{\ncache_type multi\nfind_dest d\n}}\n"
    transcript, status = drive(script, "-mx")
    assert transcript.count("unknown: error: no cache_type among clients\n") == 2
    assert status == 0


def test_a_line_ends_at_a_nul():
    script = "verbose 0\ncache_type clnt\nfind_dest d\0x miss\nexpect miss\n"
    assert drive(script, "-mx") == \
        (">>> verbose 0\n>>> cache_type clnt\n>>> find_dest d\n>>> expect miss\n", 0)


def test_always_verbose_goes_on_to_the_end():
    script = "verbose 0\ncache_type multi\nsave_dest 5 d p e\n"
    assert drive(script, "-m")[0].count("unknown: ") == 0
    assert drive(script, "-mv")[0].splitlines()[-2:] == [
        "unknown: scache_multi_save_dest: dest_label=d -> dest_prop=p endp_label=e",
        "unknown: scache_multi_drop_dest: dest_prop=p endp_label=e"]


def test_a_script_without_a_cache_ends_well():
    assert drive("") == ("", 0)
    assert drive("verbose 1\nfind_endp e") == (
        ">>> verbose 1\n>>> find_endp e\nunknown: error: no session cache\n", 0)


def test_a_block_without_an_end_is_an_error():
    transcript, _ = drive("cache_type multi\nrepeat 3 {\nfind_endp e\n", "-mx")
    assert transcript.endswith("unknown: error: end of input within a block: repeat\n")
