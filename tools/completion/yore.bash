# SPDX-License-Identifier: Apache-2.0
# bash completion for yore

_yore() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local global='--repo --json --quiet --passphrase-file --passphrase-command --key-file --cache-size --help'
    local verbs='init info stats status metrics verify key source check snapshot roll-forward snapshots log windows versions ls cat find du diff restore mount umount serve prune collect hold clone query tables dump jobs schedule'
    declare -A options=(
        [init]='--encryption --label'
        [source]='add import list show set upgrade remove --purge --keep-all --keep-last --keep-hourly --keep-daily --keep-weekly --keep-monthly --keep-yearly --keep-within --window --directory --postgresql --config-dir --slot-limit --verify-command --verify-sql --verify-timeout --verify-user --one-file-system --exclude --exclude-from --keep-cache-dirs --keep-nodump --path --subdirectory --time --zone --dry-run --tag'
        [key]='add list remove rotate --label --new-passphrase-file --new-passphrase-command --new-key-file'
        [snapshot]='--tag --stdin --as --checkpoint --max-rate --from-directory --dump --database --scratch --bindir'
        [roll-forward]='--to --bindir --tag'
        [snapshots]='--bytes'
        [versions]='--bytes'
        [log]='fetch follow list pause push resume status'
        [ls]='-l --recursive --deleted --bytes'
        [find]='--name --type --size --newer --older -l --bytes'
        [du]='--depth --human --bytes'
        [restore]='--to --replace --no-owners --tablespace --start --bindir'
        [prune]='--dry-run --collect --keep-last --keep-hourly --keep-daily --keep-weekly --keep-monthly --keep-yearly --keep-within --window'
        [collect]='--dry-run --bytes'
        [hold]='add list release --until --reason'
        [clone]='create list show mount reset snapshot remove --as --tag --at --scratch --max-bytes --ttl --allow-other --start --port --durable --bindir --role --bytes --force'
        [query]='--database --format --tuples-only --write --bindir --role'
        [tables]='--database --bytes --bindir --role'
        [dump]='--database --table --bindir --role'
        [jobs]='list show follow cancel pause resume --last'
        [schedule]='list show set remove pause resume run-now --task --cron --log --zone --on-previous-running --on-failure --level --max-time --older-than --random --compare'
        [verify]='--level --max-time --older-than --sample --random --compare'
        [mount]='--allow-other --foreground'
        [serve]='--config --check --replace'
    )
    case $before in
    --repo | --directory | --from-directory | --config-dir | --path | --to | --at | --scratch | --bindir | mount | umount)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --passphrase-file | --key-file | --new-passphrase-file | --new-key-file | --exclude-from | --config)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --encryption)
        mapfile -t COMPREPLY < <(compgen -W 'passphrase keyfile none' -- "$word")
        return
        ;;
    --level)
        mapfile -t COMPREPLY < <(compgen -W '1 2 3' -- "$word")
        return
        ;;
    esac
    local verb='' candidate
    for candidate in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ " $verbs " == *" $candidate "* ]]; then
            verb=$candidate
            break
        fi
    done
    if [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs $global" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "${options[$verb]:-} $global" -- "$word")
    fi
}
complete -F _yore yore
