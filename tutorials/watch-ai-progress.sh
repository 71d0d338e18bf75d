#!/bin/sh
# Tells of an agent's task until it ends:
#   ./tutorials/watch-ai-progress.sh --task-id 0190a5f0-0000-7000-8000-000000000000
# Without the API, of an AgentTask in the cluster of your kubeconfig:
#   ./tutorials/watch-ai-progress.sh --task-id tenant-acme/report
set -eu

usage() {
  echo "usage: $0 --task-id ID|NAMESPACE/NAME [--tenant NAME]" >&2
  exit 2
}

task=""
tenant=acme
while [ $# -gt 0 ]; do
  case "$1" in
    --task-id) [ $# -ge 2 ] || usage; task=$2; shift 2 ;;
    --task-id=*) task=${1#*=}; shift ;;
    --tenant) [ $# -ge 2 ] || usage; tenant=$2; shift 2 ;;
    --tenant=*) tenant=${1#*=}; shift ;;
    *) usage ;;
  esac
done
[ -n "$task" ] || usage

exec "$(dirname -- "$0")/../leanvibe" task watch "$task" --tenant "$tenant"
