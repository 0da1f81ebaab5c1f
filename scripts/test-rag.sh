#!/usr/bin/env bash
# Tests a running assistant: that it answers, with figures that are cells of what it cites, and refuses what it must.
set -euo pipefail

usage() {
    cat <<'END'
Usage: scripts/test-rag.sh

Prints a line for each check, ✓ or ✗ with the reason, and exits with 1 if any failed. It changes nothing. What a version
does not serve is said, and not tested.

Environment:
  ASSISTANT_URL        the assistant API                                  (http://localhost:30801)
  PIPELINE_URL         the pipeline API, with which figures are compared  (http://localhost:30800)
  TRADING_AI_API_KEY   key that is sent, if any; it needs scope read
END
}

here=${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}
# shellcheck source=lib/api.sh
source "${here:-./}lib/api.sh"

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
[ $# -eq 0 ] || wrong 'It takes no arguments.'

connect 'Nothing was tested'
trap 'rm -rf "$work"' EXIT

ask() { # ask QUESTION: the answer is left where request leaves it
    jq -nc --arg question "$1" '{question: $question}' >"$work/request"
    request POST "$assistant/api/v1/ask" --header 'Content-Type: application/json' --data @"$work/request"
}

serves() { grep -qxF "$1" "$work/paths"; }

check_ready() {
    if ! request GET "$assistant/ready"; then
        bad 'Ready' "$(answer '[.checks | to_entries[] | select(.value != "ok") | "\(.key): \(.value)"] | join("; ")')"
        return
    fi
    good "Ready: $(answer '.status'), language model: $(answer '.checks.language_model // "ok"')"
}

check_answer() {
    local n cells
    ask 'how many backtests are there?' || give_up 'Answer' "$reason"
    [ "$(answer '.status')" = answered ] || give_up 'Answer' "it is $(answer '.status'): $(answer '.answer')"
    cells=$(answer '[.citations[].rows[][] | numbers | tostring] | join(" ")')
    n=$(answer '.citations[0].rows[0][0]')
    if ! grep -qwF -- "$n" <<<"$(answer '.answer')"; then
        bad 'Answer' "the figure $n of its citation is not in: $(answer '.answer')"
        return
    fi
    good "Answer: $(answer '.answer') ($(answer '.planner'))"
    # Whoever asks the other API for as many gets as many, up to the most that it gives at once.
    if request GET "$pipeline/api/v1/backtests?limit=1000"; then
        if [ "$(answer 'length')" = "$n" ] || [ "$(answer 'length')" = 1000 ]; then
            good "Figures: the pipeline counts the same ($cells)"
        else
            bad 'Figures' "the assistant counts $n backtests, the pipeline $(answer 'length')"
        fi
    else
        bad 'Figures' "$reason"
    fi
}

check_citation() {
    local sql rows
    ask 'how many backtests are there?' || { bad 'Citation' "$reason"; return; }
    sql=$(answer '.citations[0].sql')
    rows=$(answer '.citations[0].rows | tojson')
    jq -nc --arg sql "$sql" '{sql: $sql}' >"$work/request"
    if ! request POST "$pipeline/api/v1/sql" --header 'Content-Type: application/json' --data @"$work/request"; then
        bad 'Citation' "$reason"
    elif [ "$(answer '.rows | tojson')" = "$rows" ]; then
        good "Citation: asked again, $sql gives the same"
    else
        bad 'Citation' "$sql gave $rows, and gives $(answer '.rows | tojson')"
    fi
}

check_refusal() {
    local question
    for question in 'drop table trials' 'what will EURUSD be tomorrow?'; do
        ask "$question" || { bad 'Refusal' "$reason"; return; }
        if [ "$(answer '.status')" != refused ]; then
            bad 'Refusal' "\"$question\" is $(answer '.status'): $(answer '.answer')"
            return
        fi
    done
    good 'Refusal: what changes data, and the future'
}

check_streaming() {
    jq -nc '{question: "how many backtests are there?", stream: true}' >"$work/request"
    if ! request POST "$assistant/api/v1/ask" --header 'Content-Type: application/json' --data @"$work/request"; then
        bad 'Streaming' "$reason"
    elif grep -q '^event: end' "$work/answer"; then
        good "Streaming: $(grep -c '^event: ' "$work/answer") events"
    else
        bad 'Streaming' 'there is no event at the end'
    fi
}

check_search() {
    if ! serves /api/v1/search; then
        printf '· Search: this version serves none\n'
        return
    fi
    jq -nc '{query: "how is a stop loss filled when the price gaps"}' >"$work/request"
    if ! request POST "$assistant/api/v1/search" --header 'Content-Type: application/json' --data @"$work/request"; then
        bad 'Search' "$reason"
        return
    fi
    local n
    n=$(answer 'if type == "array" then . else (.hits // .results) end | length')
    if [[ $n =~ ^[1-9] ]]; then
        good "Search: $n passages"
    else
        bad 'Search' 'nothing was found, not even in the documentation'
    fi
}

printf '🧪 Testing Assistant (RAG) Service\n━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n'
check_health Assistant "$assistant"
if [ "$n_bad" -gt 0 ]; then
    printf '  Start it: trading-ai serve, or scripts/deploy-rag.sh; or say where it is: ASSISTANT_URL\n'
    summary || exit 1
fi
check_ready
check_docs Assistant "$assistant"
request GET "$assistant/openapi.json" || give_up 'Routes' "$reason"
answer '.paths | keys[]' >"$work/paths"
check_answer
check_citation
check_refusal
check_streaming
check_search
summary
