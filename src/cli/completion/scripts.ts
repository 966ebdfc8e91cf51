// The scripts that have a shell ask `dynats __complete` at every Tab. They hold nothing of the commands themselves.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const bash = `# Completion of dynats for bash: source <(dynats completion bash)
__dynats_complete() {
  local words=() rest="$COMP_LINE" token i line
  # Bash splits words at "=" and ":", dynats does not: joined again as they were typed.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    token="\${COMP_WORDS[i]}"
    if [[ $i -eq 0 || -z "$rest" || "$rest" == [[:space:]]* ]]; then
      words+=("$token")
    else
      words[\${#words[@]}-1]+="$token"
    fi
    rest="\${rest#"\${rest%%[![:space:]]*}"}"
    rest="\${rest#"$token"}"
  done
  local word="\${words[\${#words[@]}-1]}"
  # What is before the last "=" or ":" stands there already.
  local had="\${word%"\${word##*[=:]}"}" directive=""
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z "$directive" ]]; then directive="$line"; continue; fi
    line="\${line%%$'\\t'*}"
    COMPREPLY+=("$(printf '%q' "\${line#"$had"}")")
  done < <("\${words[0]/#\\~/$HOME}" __complete "\${words[@]:1}" 2>/dev/null)
  case "$directive" in
    :files) compopt -o filenames 2>/dev/null ;;
    :dirs) compopt +o default -o dirnames 2>/dev/null ;;
    *) compopt +o default 2>/dev/null ;;
  esac
}
complete -o default -F __dynats_complete dynats
`;

const zsh = `#compdef dynats
# Completion of dynats for zsh: source <(dynats completion zsh), or this as a file _dynats in a directory of $fpath.
_dynats() {
  local -a lines described
  local line
  lines=("\${(@f)$(\${~words[1]} __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[2,-1]}"; do
    if [[ "$line" == *$'\\t'* ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      described+=("\${line//:/\\\\:}")
    fi
  done
  (( $#described )) && _describe -V 'dynats' described
  case "$lines[1]" in
    :files) _files ;;
    :dirs) _files -/ ;;
  esac
}
if [[ "$funcstack[1]" == _dynats ]]; then
  _dynats "$@"
else
  compdef _dynats dynats
fi
`;

const fish = `# Completion of dynats for fish: dynats completion fish > ~/.config/fish/completions/dynats.fish
function __dynats_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path "$current"
        case :dirs
            __fish_complete_directories "$current"
    end
    if test (count $lines) -gt 1
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c dynats -e
complete -c dynats -f -k -a '(__dynats_complete)'
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
