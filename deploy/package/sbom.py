#!/usr/bin/env python3
"""Writes the software bill of materials of a release, SPDX 2.3 in JSON, to standard output.

    deploy/package/sbom.py VERSION SOURCE_TARBALL BINARY

It names the source, the Debian packages of the shared libraries that BINARY links, and those of the
header-only libraries that are compiled into it. Two runs with the same SOURCE_DATE_EPOCH and the
same packages give the same text.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

#: Headers that tell which Debian packages are compiled into the binary.
HEADERS = ["/usr/include/boost/version.hpp", "/usr/include/rapidjson/rapidjson.h",
           "/usr/include/toml++/toml.h", "/usr/include/CLI/CLI.hpp"]


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def owner(file: str) -> str:
    """Returns the name of the Debian package that a file belongs to."""
    for path in (os.path.realpath(file), file, "/usr" + os.path.realpath(file)):
        found = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0].split(",")[0]
    raise SystemExit(f"{file} belongs to no Debian package")


def linked(binary: str) -> list[str]:
    """Returns the paths of the shared libraries that a binary links by itself."""
    needed = set(re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", binary)))
    paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", binary)))
    return [paths[name] for name in sorted(needed) if name in paths]


def package(name: str, relation: str) -> tuple[dict, dict]:
    version, source, homepage = output(
        "dpkg-query", "-W", "-f", "${Version}\t${source:Package}\t${Homepage}\n", name,
    ).splitlines()[0].split("\t")
    identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
    entry = {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{name}@{version}"}],
        "comment": f"Debian source package {source}",
    }
    if homepage:
        entry["homepage"] = homepage
    return entry, {"spdxElementId": "SPDXRef-couponhook", "relationshipType": relation,
                   "relatedSpdxElement": identifier}


def main(version: str, tarball: str, binary: str):
    digest = hashlib.sha256(Path(tarball).read_bytes()).hexdigest()
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]),
                                              datetime.timezone.utc)
    packages = [{
        "SPDXID": "SPDXRef-couponhook",
        "name": "couponhook",
        "versionInfo": version,
        "packageFileName": Path(tarball).name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
    }]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": "SPDXRef-couponhook"}]
    dynamic = {owner(path) for path in linked(binary)}
    compiled_in = {owner(path) for path in HEADERS} - dynamic
    for relation, names in (("DYNAMIC_LINK", dynamic), ("STATIC_LINK", compiled_in)):
        for name in sorted(names):
            entry, link = package(name, relation)
            packages.append(entry)
            relations.append(link)
    json.dump({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"couponhook-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/couponhook-{version}-{digest}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: couponhook-deploy-package-sbom"]},
        "packages": packages,
        "relationships": relations,
    }, sys.stdout, indent=2, ensure_ascii=False)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
