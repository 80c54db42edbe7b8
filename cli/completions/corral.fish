# fish completion of corral. The program is asked for its commands and options, so nothing is listed here.

function __corral_commands
    corral --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\)  */\1\t/p'
end

# The options of the command on the line; with an argument, only those whose value matches it. Long ones have their
# description on the next line.
function __corral_options
    set -l words (commandline -opc)
    corral $words[2] --help 2>/dev/null | sed -Ez 's/\n {10,}/  /g' |
        sed -nE "s/^  (-[-a-z,]+) *$argv[1].*  +(.*)/\1\t\2/p" |
        while read -d \t names text
            for name in (string split -- , $names)
                printf '%s\t%s\n' $name $text
            end
        end
end

function __corral_wants_file
    set -l words (commandline -opc)
    test "$words[2]" = check-config; or contains -- $words[-1] (__corral_options FILE | string replace -r '\t.*' '')
end

complete -c corral -f
complete -c corral -n 'test (count (commandline -opc)) -eq 1' -a '(__corral_commands)'
complete -c corral -n 'string match -q -- "-*" (commandline -ct)' -a '(__corral_options)'
complete -c corral -n '__corral_wants_file' -F
