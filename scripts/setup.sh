#!/bin/sh
# Brings a fresh Debian or Ubuntu machine to where `make run` works; with the argument `tests`, to where `make test` runs
# every test. What is there already is left alone; as root it installs Debian packages, else it says which line to run.
set -eu

apt_line() { echo "apt-get update && apt-get install -y --no-install-recommends$1"; }
can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

venv=.venv
python=""
for candidate in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done

missing=""
need() { missing="$missing $1"; }

if [ -z "$python" ]; then
    need python3
    version=3
else
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    # Debian takes venv and the shared library of Python apart from Python itself; cocotb loads the latter.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need "python$version-venv"
    "$python" - <<'PY' || need "libpython$version"
import ctypes, glob, sys, sysconfig
name = "libpython%d.%d.so" % sys.version_info[:2]
folders = [sysconfig.get_config_var("LIBDIR") or "", sys.base_prefix + "/lib", "/usr/lib"]
places = [hit for folder in folders for hit in glob.glob(folder + "/" + name + "*") + glob.glob(folder + "/*/" + name + "*")]
try:
    ctypes.CDLL(places[0] if places else name + ".1.0")
except OSError:
    sys.exit(1)
PY
fi
command -v iverilog >/dev/null 2>&1 || need iverilog

if [ -n "$missing" ]; then
    # Once only: a package that apt-get takes for installed and that is still missed would be installed for ever.
    if can_install && [ -z "${DV_AGENT_SETUP_AGAIN:-}" ]; then
        echo "setup: installing$missing"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        DV_AGENT_SETUP_AGAIN=1 exec sh "$0" "$@"
    fi
    echo "setup: these packages are missing:$missing" >&2
    echo "setup: install them with this line, then call make again:" >&2
    echo "    sudo sh -c '$(apt_line "$missing")'" >&2
    exit 3
fi

# The sandbox is used where it works, and runs do without it: where it cannot be installed nothing stops here.
if can_install && ! command -v bwrap >/dev/null 2>&1; then
    echo "setup: installing bubblewrap"
    [ -n "${DV_AGENT_SETUP_AGAIN:-}" ] || apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null || true
    command -v bwrap >/dev/null 2>&1 ||
        echo "setup: simulators run without a sandbox (docs/security.md); missing: bubblewrap" >&2
fi

# What only some tests need. Without it they are skipped (in CI they fail), so nothing stops here.
if [ "${1:-}" = tests ]; then
    lacking() {
        wanted=""
        for program in g++ make perl chromium; do
            command -v "$program" >/dev/null 2>&1 || wanted="$wanted $program"
        done
        # Verilator's script uses modules that Debian leaves out of its smallest perl.
        ! command -v perl >/dev/null 2>&1 || perl -MPod::Usage -e 1 2>/dev/null || wanted="$wanted perl"
    }
    lacking
    if [ -n "$wanted" ] && can_install; then
        echo "setup: installing for the tests:$wanted"
        apt-get update -qq || true
        for package in $wanted; do
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null || true
        done
        lacking
    fi
    if [ -n "$wanted" ]; then
        echo "setup: tests on Verilator need g++, make and perl, tests in a browser chromium; missing:$wanted" >&2
        echo "setup: this line brings them:" >&2
        echo "    sudo sh -c '$(apt_line "$wanted")'" >&2
    fi
fi

stamp=$venv/.installed-$(cksum pyproject.toml | cut -d' ' -f1)
if [ ! -e "$stamp" ]; then
    [ -x $venv/bin/python ] || { echo "setup: making $venv with $python"; "$python" -m venv $venv; }
    echo "setup: installing dv-agent and what it needs into $venv (once; about a minute)"
    PIP_USE_PEP517=1 $venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
    rm -f $venv/.installed-*
    touch "$stamp"
fi

# A simulator in its sandbox cannot keep what it compiled of Python, nor can any process where PYTHONDONTWRITEBYTECODE is
# set: each would compile it again at its start. Of files that have not changed this only reads the dates.
[ ! -x $venv/bin/python ] || $venv/bin/python -m compileall -q agents coverage designs dv_agent eval prompts runners || true

# Yosys compiles itself once for each machine, which takes a minute: beside what make does next. Tests of proofs wait for it.
if [ "${1:-}" = tests ]; then
    prepare='from dv_agent.runners.formal.yosys import is_ready, yosys_version; is_ready() or yosys_version()'
    $venv/bin/python -c "$prepare" >/dev/null 2>&1 </dev/null &
fi
