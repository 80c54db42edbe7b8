#compdef corral
# zsh completion of corral. The program is asked for its commands and options, so nothing is listed here.

# NAME:DESCRIPTION of each option of command $1 whose value matches $2 ("" for every option). Long ones have their
# description on the next line.
_corral_options() {
    local names name text
    $words[1] ${1:+$1} --help 2>/dev/null | sed -Ez 's/\n {10,}/  /g' | sed -nE "s/^  (-[-a-z,]+) *$2.*  +(.*)/\1:\2/p" |
    while IFS=: read -r names text; do
        for name in ${(s:,:)names}; do print -r -- $name:$text; done
    done
}

_corral() {
    local -a found
    local command=
    (( CURRENT > 2 )) && command=$words[2]
    if [[ $words[CURRENT] == -* ]]; then
        found=("${(@f)$(_corral_options "$command" "")}")
        _describe option found
    elif [[ -z $command ]]; then
        found=("${(@f)$($words[1] --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\)  */\1:/p')}")
        _describe command found
    elif [[ $command == check-config ]] || _corral_options $command FILE | grep -q -e "^$words[CURRENT-1]:"; then
        _files
    fi
}
_corral "$@"
