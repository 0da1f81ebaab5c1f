# shellcheck shell=bash disable=SC2034 # callers read what roll_out leaves
# What the scripts that change the cluster share; sourced by them, not run.

# pods NAMESPACE APP TEMPLATE: what a template finds in an app's pods, without empty lines
pods() {
    kubectl --namespace "$1" get pods --selector "app=$2" --output "jsonpath={range .items[*]}$3{end}" 2>/dev/null |
        grep '[^[:space:]]' || true
}

# roll_out NAMESPACE KIND NAME SECONDS [some]: waits until every pod of a Deployment or StatefulSet runs.
#
# Returns 0 then, 1 where they do not run in time, and with `some` 2 as soon as some run and all others lack nothing
# but room on a node, which may never come; $running and $wanted count them. $why says what keeps them.
roll_out() {
    local end=$((SECONDS + $4)) slice said lonely crowded updated
    while :; do
        slice=$((end - SECONDS))
        [ "$slice" -le 10 ] || slice=10
        [ "$slice" -ge 1 ] || slice=1
        if said=$(kubectl --namespace "$1" rollout status "$2" "$3" --timeout "${slice}s" 2>&1); then
            return 0
        fi
        why=$(tail -n 1 <<<"$said")
        case $said in
            *'timed out'*) ;;
            *'progress deadline'*) end=$SECONDS ;; # kubectl waits no longer; why is still to be told
            *) return 1 ;;
        esac

        lonely=$(pods "$1" "$3" '{range .status.conditions[?(@.reason=="Unschedulable")]}{.message}{"\n"}{end}')
        crowded=$(grep -c -e Insufficient -e 'Too many pods' <<<"$lonely" || true)
        # Counts of zero are left out, so the places between are kept.
        IFS=/ read -r wanted updated running < <(kubectl --namespace "$1" get "$2" "$3" --output \
            'jsonpath={.spec.replicas}/{.status.updatedReplicas}/{.status.availableReplicas}{"\n"}' 2>/dev/null) || true
        wanted=${wanted:-0} updated=${updated:-0} running=${running:-0}
        if [ -n "$lonely" ]; then
            why="no node takes a pod: $(head -n 1 <<<"$lonely")"
            if [ "${5:-}" = some ] && [ "$running" -ge 1 ] && [ "$updated" -eq "$wanted" ] &&
                [ $((running + crowded)) -ge "$wanted" ]; then
                return 2
            fi
        fi
        if [ "$SECONDS" -ge "$end" ]; then
            said=$(pods "$1" "$3" '{range .status.containerStatuses[*]}{.state.waiting.reason} {.state.waiting.message}{"\n"}{end}')
            [ -z "$said" ] || why="a pod is waiting: $(head -n 1 <<<"$said")"
            return 1
        fi
    done
}
