# bash completion of corral. The program is asked for its commands and options, so nothing is listed here.

# The options in `corral [COMMAND] --help` whose value matches $1 as a regular expression ("" for every option).
_corral_options() {
    local command=$1 value=$2
    "${COMP_WORDS[0]}" ${command:+"$command"} --help 2>/dev/null |
        sed -nE "s/^  (-[-a-z,]+) *$value.*/\1/p" | tr , '\n'
}

_corral() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=
    [ "$COMP_CWORD" -le 1 ] || command=${COMP_WORDS[1]}
    COMPREPLY=()
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_corral_options "$command" "")" -- "$word")
    elif [ -z "$command" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help 2>/dev/null |
            sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')" -- "$word")
    elif [ "$command" = check-config ] || _corral_options "$command" FILE | grep -qxe "$before"; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -F _corral corral
