# Input: what the CycloneDX tool for .NET wrote of a program. Output: the same, with what else is in its image.

# Debian's short names of licences that SPDX calls otherwise; names that both share stand for themselves.
def spdx: {
  "Expat": "MIT", "MIT": "MIT", "Apache-2.0": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "BSL-1.0": "BSL-1.0", "ISC": "ISC",
  "Zlib": "Zlib", "zlib": "Zlib", "MPL-1.1": "MPL-1.1", "MPL-2.0": "MPL-2.0", "CC0-1.0": "CC0-1.0",
  "GPL-1": "GPL-1.0-only", "GPL-1+": "GPL-1.0-or-later", "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
  "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only", "LGPL-3+": "LGPL-3.0-or-later"
};
def licences: [split("|")[] | select(. != "") | . as $name | {license: (if spdx[$name] then {id: spdx[$name]} else {name: $name} end)}] | unique;
def rows: split("\n") | map(select(. != "") | split("\t"));
# Where the text of the licence is known though the package names no licence.
def known: if .license.url // "" | test("github.com/dotnet/(corefx|core|runtime)/") then {license: {id: "MIT"}} else . end;

def debian: $debian | rows | map(
  . as [$name, $version, $architecture, $source, $licences]
  | "pkg:deb/debian/\($name)@\($version | @uri)?arch=\($architecture)&distro=\($distribution)&upstream=\($source)" as $purl
  | {type: "library", "bom-ref": $purl, name: $name, version: $version, purl: $purl, licenses: ($licences | licences)} | if .licenses == [] then del(.licenses) else . end);
def python: $python | rows | map(
  . as [$name, $version, $licence]
  | "pkg:pypi/\($name | ascii_downcase | gsub("[_.]"; "-"))@\($version)" as $purl
  | {type: "library", "bom-ref": $purl, name: $name, version: $version, purl: $purl, licenses: ($licence | licences)} | if .licenses == [] then del(.licenses) else . end);
def frameworks: $dotnet | rows | map(
  . as [$name, $version] | "pkg:nuget/\($name).Runtime@\($version)" as $purl
  | {type: "framework", "bom-ref": $purl, name: $name, version: $version, purl: $purl, licenses: [{license: {id: "MIT"}}]});

.components |= (map(select(.scope != "excluded") | del(.hashes) | if .licenses then .licenses |= map(known) else . end) | sort_by(.name))
| .components += frameworks + debian + python
| .components as $all
| .metadata.component.licenses = [{license: {id: "Apache-2.0"}}]
| .metadata.component.type = "container"
| .dependencies |= map(select(.ref as $ref | $ref == $program or any($all[]; .["bom-ref"] == $ref) or ($ref | startswith($program + "@"))) | if .dependsOn then .dependsOn |= map(select(. as $on | any($all[]; .["bom-ref"] == $on))) else . end)
| del(.metadata.timestamp, .serialNumber)
