#!/usr/bin/env bash
# The life of a change on the command line, with two people: Ana proposes, Ben approves and makes it live.
#
#   examples/walkthrough.sh [DIRECTORY]
#
# DIRECTORY (./addenda-walkthrough) must not exist. MODEL names another model than the bundled one: a folder.
# WORDINGS lowers what the gate asks in other wordings; a model that was never trained to answer needs WORDINGS=0.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
directory="${1:-addenda-walkthrough}"
mkdir "$directory"
cd "$directory"
export ADDENDA_KB=knowledge-base

step() { printf '\n== %s\n' "$*"; }

step "A knowledge base, its first admin, an approver, and a policy: one approver, never the proposer"
addenda init --admin Ana --model "${MODEL:-bundled}" --token-file ana.token
addenda policy set --one-reviewer --reason "how we work" --token-file ana.token
if [ -n "${WORDINGS:-}" ]; then addenda threshold set wordings "$WORDINGS" --token-file ana.token; fi
addenda person add Ben --role approver --new-token-file ben.token --token-file ana.token

step "What a list of changes would do, and then doing it"
addenda import "$here/changes.csv" --dry-run --token-file ana.token
addenda import "$here/changes.csv" --reason "catalogue, week 47" --token-file ana.token

step "Ana may not approve what she proposed; Ben may"
id="$(addenda list --search "noise level" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["addenda"][0]["id"])')"
if addenda approve "$id" --token-file ana.token; then exit 1; fi
addenda approve --all --source changes.csv --token-file ben.token

step "The gate tests the change, and it becomes live"
addenda activate "$id" --token-file ben.token
addenda history "$id"

step "The model says it now, and we can tell why"
addenda ask "What is the noise level of Lergax Renfex?"
addenda explain

step "A wrong change is taken back: the old answer is back"
addenda rollback "$id" --reason "the supplier sent a wrong value" --token-file ben.token
addenda ask "What is the noise level of Lergax Renfex?"

step "Nothing was altered, and the memory is what the ledger says"
addenda head --file head.txt
addenda verify --head head.txt --rebuild
addenda export everything.xlsx
