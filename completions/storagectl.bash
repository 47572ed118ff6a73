# shellcheck shell=bash
# storagectl.bash - completion of storagectl's command line for bash 4 and later.
#
# bash-completion loads it when it is first needed; sourced by itself it works too. It never runs storagectl, and so
# opens no store: keys are completed in "storagectl shell" alone.

# begin tables
_storagectl_verbs='get set delete touch cas scan clear watch import export stats health explain config bench shell
    help version'
_storagectl_bytes='--hex --base64 --escapes'
_storagectl_json='--json'
_storagectl_program='--config --memory --timeout --help --version'

# The options that stand behind VERB, or before any verb.
_storagectl_options() {
    case $1 in
    get)
        takes="--raw $_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    set)
        takes="--ttl --file --stdin $_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    delete | touch)
        takes="$_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    cas)
        takes="--expect --absent --revision --delete --ttl --file --stdin $_storagectl_bytes $_storagectl_json
            $_storagectl_program"
        ;;
    scan)
        takes="--from --after --to --through --limit --reverse --keys-only --format $_storagectl_bytes
            $_storagectl_program"
        ;;
    clear)
        takes="--from --after --to --through --all $_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    watch)
        takes="--from --after --to --through --revision --count --for --format $_storagectl_bytes
            $_storagectl_program"
        ;;
    import)
        takes="--format --on-error --atomic $_storagectl_json $_storagectl_program"
        ;;
    export)
        takes="--from --after --to --through --format --output --revisions --print --map-size $_storagectl_bytes
            $_storagectl_program"
        ;;
    stats | explain | config | help | version)
        takes="$_storagectl_json $_storagectl_program"
        ;;
    health)
        takes="--probe $_storagectl_json $_storagectl_program"
        ;;
    bench)
        takes="--workload --threads --seconds --operations --records --value-size --distribution --rate --batch
            --seed --key-prefix --no-load --reuse --keep $_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    shell)
        takes="--keep-going $_storagectl_bytes $_storagectl_json $_storagectl_program"
        ;;
    *) takes="$_storagectl_bytes $_storagectl_json $_storagectl_program" ;;
    esac
}

# What stands behind OPTION of VERB; empty: it takes nothing.
_storagectl_option_takes() {
    case "$1:$2" in
    set:--ttl | cas:--expect | cas:--revision | cas:--ttl | scan:--from | scan:--after | scan:--to | \
        scan:--through | scan:--limit | clear:--from | clear:--after | clear:--to | clear:--through | watch:--from | \
        watch:--after | watch:--to | watch:--through | watch:--revision | watch:--count | watch:--for | \
        export:--from | export:--after | export:--to | export:--through | export:--map-size | bench:--workload | \
        bench:--threads | bench:--seconds | bench:--operations | bench:--records | bench:--value-size | \
        bench:--rate | bench:--batch | bench:--seed | bench:--key-prefix | *:--timeout)
        takes="@any"
        ;;
    set:--file | cas:--file | export:--output | *:--config | *:-c)
        takes="@file"
        ;;
    scan:--format)
        takes="text jsonl tsv"
        ;;
    watch:--format)
        takes="text jsonl"
        ;;
    import:--format | export:--format)
        takes="jsonl tsv dump"
        ;;
    import:--on-error)
        takes="stop skip"
        ;;
    health:--probe)
        takes="liveness readiness startup"
        ;;
    bench:--distribution)
        takes="uniform zipfian latest"
        ;;
    *) takes='' ;;
    esac
}

# What VERB takes as argument INDEX.
_storagectl_argument_takes() {
    case "$1:$2" in
    import:0 | config:1)
        takes="@file"
        ;;
    config:0)
        takes="check schema explain"
        ;;
    help:0)
        takes="get set delete touch cas scan clear watch import export stats health explain config bench shell begin
            commit rollback exit help version"
        ;;
    *) takes=@any ;;
    esac
}
# end tables

# _storagectl_reply WHAT - the candidates for what a place takes: words, "@file", or "@any", of which nobody knows.
_storagectl_reply() {
    case $1 in
    @file) compopt -o default ;; # readline's own, which knows quotes and directories
    @any) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
    esac
}

_storagectl() {
    local current=${COMP_WORDS[COMP_CWORD]} word verb='' option='' takes='' ended='' i argument_index=0
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $option ]]; then
            # Bash makes three words of --option=value.
            [[ $word == '=' ]] || option=''
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == -?* ]]; then
            _storagectl_option_takes "$verb" "$word"
            [[ $takes ]] && option=$word
        elif [[ ! $verb ]]; then
            verb=$word
        else
            ((argument_index += 1))
        fi
    done
    [[ $current == '=' ]] && current=''
    if [[ $option ]]; then
        _storagectl_option_takes "$verb" "$option"
    elif [[ ! $ended && $current == -* ]]; then
        _storagectl_options "$verb"
    elif [[ ! $verb ]]; then
        takes=$_storagectl_verbs
    else
        _storagectl_argument_takes "$verb" "$argument_index"
    fi
    _storagectl_reply "${takes:-@any}" "$current"
}

complete -F _storagectl storagectl
