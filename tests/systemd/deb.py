"""The Debian package as the tests need it: made of the build that is tested, as a later version, and with what it depends on."""
import pathlib
import re
import shutil
import subprocess

from box import BUILD, CACHE

NEEDED = ("cpack", "dpkg-shlibdeps", "dpkg-deb", "dpkg-scanpackages")
# What a first installation takes besides, fetched once.
ARCHIVES = CACHE.parent / "packages"


def missing():
    return [program for program in NEEDED if not shutil.which(program)]


def run(*command, **named):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, **named)
    if done.returncode != 0:
        raise AssertionError(f"{command} failed with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def build(folder):
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder, cwd=BUILD)
    return next(pathlib.Path(folder).glob("corral_*.deb"))


def later(deb, folder):
    """The same package with a higher version."""
    tree = pathlib.Path(folder) / "later"
    run("dpkg-deb", "--raw-extract", deb, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+later", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "--build", tree, folder)
    shutil.rmtree(tree)
    return next(pathlib.Path(folder).glob("corral_*+later_*.deb"))


def copy_dependencies(deb, to):
    """A repository for apt with the packages that the box's root lacks for it: the box has no network."""
    own = {"Dir::State::status": CACHE / "var/lib/dpkg/status", "Dir::State::lists": ARCHIVES / "lists",
           "Dir::Cache": ARCHIVES, "Dir::Cache::archives": ARCHIVES, "APT::Sandbox::User": "root", "Debug::NoLocking": "true"}
    apt = ["apt-get", "-qq", "-y", *(word for name, value in own.items() for word in ("-o", f"{name}={value}"))]
    if not any(ARCHIVES.glob("*.deb")):
        for folder in ("partial", "lists/partial"):
            (ARCHIVES / folder).mkdir(parents=True, exist_ok=True)
        run(*apt, "update")
    run(*apt, "--no-install-recommends", "--download-only", "install", deb)
    to.mkdir(parents=True)
    for archive in ARCHIVES.glob("*.deb"):
        shutil.copy(archive, to)
    index = subprocess.run(["dpkg-scanpackages", "."], cwd=to, check=True, capture_output=True, text=True, timeout=60).stdout
    (to / "Packages").write_text(index)
