# SPDX-License-Identifier: MIT
# Words for the command mempool, in bash. Verbs and options are those that the command itself lists
# in `mempool --help` and `mempool VERB --help`: nothing here names one.

# What a help text on standard input lists: options of its usage, and the first words of the lines
# below "Verbs:" and "Options:".
_mempool_listed() {
    local line word section=usage
    while IFS= read -r line; do
        case $line in
        Verbs: | Options:) section=list ;;
        '') section= ;;
        esac
        if [[ $section == usage ]]; then
            for word in $line; do
                # those with a value are listed below
                [[ $word =~ ^--[a-z-]+$ ]] && printf '%s\n' "$word"
            done
        elif [[ $section == list && $line =~ ^'  '(-[a-z],' ')?(-*[a-z][a-z-]*=?) ]]; then
            printf '%s\n' "${BASH_REMATCH[2]}"
        fi
    done
}

_mempool() {
    local command=${COMP_WORDS[0]/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} verb=
    if ((COMP_CWORD > 1)); then
        verb=${COMP_WORDS[1]}
        # Behind a verb, what is no option is a file: that is bash's own business.
        [[ $current == -* && $verb != -* ]] || return 0
    fi
    mapfile -t COMPREPLY < <(compgen -W "$("$command" ${verb:+"$verb"} --help 2>/dev/null |
        _mempool_listed)" -- "$current")
    # A value follows at once.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}

complete -o default -F _mempool mempool
