#!/usr/bin/env bash
# Builds all images with docker or buildah, says how large they are, and pushes them where REGISTRY is
# set. TAG (the chart's appVersion), BASE, BUILDER (services/Dockerfile), TOOL, IMAGES (only these),
# TRAIN=1 (also the one with torch; TRAIN=cpu: for processors alone), LOAD (what brings an image that it is
# given to nodes, such as `kind load docker-image`), DEV=1 (also fetches the servers of `dev.enabled`, for
# LOAD or a node that is this machine) and PIP_CONFIG, NPM_CONFIG (files with addresses of mirrors; in no
# layer) may be set too.
set -euo pipefail
cd "$(dirname "$0")/.."

tool=${TOOL:-$(command -v docker >/dev/null && docker info >/dev/null 2>&1 && echo docker || echo buildah)}
command -v "$tool" >/dev/null || { echo "neither docker nor buildah is here: apt-get install buildah" >&2; exit 1; }
place=${REGISTRY:-localhost/inyourarea}
tag=${TAG:-$(sed -n 's/^appVersion: *//p' deploy/helm/inyourarea/Chart.yaml)}
read -ra targets <<<"${IMAGES:-ingest detect track render gateway models ${TRAIN:+train}}"

# The commit's own time, so that the same commit gives the same layers.
made=$(git log -1 --format=%ct 2>/dev/null || echo 0)
said=org.opencontainers.image
common=(--label "$said.version=$tag" --label "$said.revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)")
[ -z "${TRAIN:-}" ] || common+=(--build-arg "TRAIN=$TRAIN")
[ -z "${BASE:-}" ] || common+=(--build-arg "BASE=$BASE")
[ -z "${BUILDER:-}" ] || common+=(--build-arg "BUILDER=$BUILDER")
none=$(mktemp)
trap 'rm -f "$none"' EXIT
common+=(--secret "id=pip,src=${PIP_CONFIG:-$none}" --secret "id=npm,src=${NPM_CONFIG:-$none}")

build() { # TARGET IMAGE
  local words=(-q "${common[@]}" --build-arg "SOURCE_DATE_EPOCH=$made" --target "$1" -t "$2" -f services/Dockerfile .)
  if [ "$tool" = docker ]; then docker build "${words[@]}" >/dev/null
  else
    # shellcheck disable=SC2086 - several words on purpose
    buildah bud --layers ${BUILDAH_OPTIONS:-} --timestamp "$made" "${words[@]}" >/dev/null
  fi
}
size() { # IMAGE
  if [ "$tool" = docker ]; then docker image inspect -f '{{.Size}}' "$1"
  else buildah inspect --type image -f '{{.FromImageID}}' "$1" | xargs -I{} buildah images --json | python3 -c '
import json, sys
print(next(each["size"] for each in json.load(sys.stdin) if sys.argv[1] in (each.get("names") or [])))' "$1"; fi
}
for target in "${targets[@]}"; do
  image=$place/$target:$tag
  build "$target" "$image"
  echo "$image: $(size "$image")"
  [ -z "${REGISTRY:-}" ] || "$tool" push -q "$image" >/dev/null
  # shellcheck disable=SC2086 - a command and its words
  [ -z "${LOAD:-}" ] || $LOAD "$image" >/dev/null
done
[ -z "${DEV:-}" ] || sed -n 's|^    image: \(docker.io/.*\)|\1|p' deploy/helm/inyourarea/values.yaml | while read -r image; do
  "$tool" pull -q "$image" >/dev/null
  # shellcheck disable=SC2086 - a command and its words
  [ -z "${LOAD:-}" ] || $LOAD "$image" >/dev/null </dev/null
done
