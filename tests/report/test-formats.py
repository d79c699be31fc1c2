# SPDX-License-Identifier: GPL-2.0-only
"""What is not in the bars by format: a peer, a format, a page or a case that a run has no figure of is named in the
report, in the page and on the terminal, and counts as not met; so no run has fewer bars than another.

Usage: test-formats.py TOP SMALL
"""
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = "results/amd-epyc-f26m2-2c/peers.json"
V2_CASE = "unmap/impl:linux-6.12-amdv2/"
# What is cut out of each launch, and what must then be said of it.
CUTS = (
    ("a peer", lambda name: "/impl:linux-6.12-dart/" in name, 4, "linux-6.12-dart (apple_dart, apple_dart2)"),
    ("a format of a peer", lambda name: "/impl:linux-6.12-dart/fmt:apple_dart2/" in name, 2,
     "linux-6.12-dart (apple_dart2: pair 1; pair 256)"),
    ("a case of a peer", lambda name: name.startswith(V2_CASE), 1,
     "linux-6.12-amdv2 (amd_iommu_v2: unmap 1, queued)"),
    ("a format", lambda name: "map/impl:core/fmt:riscv_sv39/" in name, 6, "riscv_sv39 4K"),
    ("a page", lambda name: "/fmt:arm_v7s/" in name and "/size:64K/" in name, 4, "arm_v7s 64K"),
    ("a case", lambda name: name.startswith("map/impl:core/fmt:intel_vtd_ss/") and "/batch:16/" in name, 1,
     "intel_vtd_ss 4K: map 16"),
)


def without(report, is_cut):
    made = copy.deepcopy(report)
    for launch in made["format_launches"]["launches"]:
        kept = [row for row in launch["benchmarks"] if not is_cut(row["name"])]
        assert len(kept) < len(launch["benchmarks"])
        launch["benchmarks"] = kept
    return made


def check(top, formats, page, report, said):
    """The three places, and the exit status."""
    text = "\n".join(formats.markdown(report))
    assert said in text, (said, text[:600])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peers.json"
        path.write_text(json.dumps(report), encoding="utf-8")
        assert said in page.build([(str(path), report)]), said
        result = subprocess.run([top / "tools/compare", "--bars", path], capture_output=True, text=True, timeout=60,
                                check=False)
    assert f"not measured: {said}" in result.stdout and result.returncode == 1, (said, result.stdout[-600:])


def main(top, _small):
    top = Path(top)
    sys.path.insert(0, str(top / "tools"))
    import formats  # pylint: disable=import-outside-toplevel,import-error
    import page  # pylint: disable=import-outside-toplevel,import-error

    report = json.loads((top / FILE).read_text(encoding="utf-8"))
    launches = formats.launches_of(report)
    met, lacking, total = formats.tally(launches)
    assert not lacking and "ot measured" not in "\n".join(formats.markdown(report))
    for what, is_cut, bars, said in CUTS:
        cut = without(report, is_cut)
        tally = formats.tally(formats.launches_of(cut))
        assert tally[1:] == (bars, total) and tally[0] <= met, (what, tally)
        check(top, formats, page, cut, said)
    # What all others are measured by.
    cut = without(report, lambda name: name.startswith("map/impl:core/fmt:arm_64_lpae_s1/"))
    assert "arm_64_lpae_s1 4K: map 1, map 16, map 256" in list(formats.absent(formats.launches_of(cut)))
    assert formats.tally(formats.launches_of(cut))[2] == total
    print(f"{len(CUTS)} kinds of what is missing are named; {total} bars in all")


main(*sys.argv[1:])
