#!/bin/bash
# Our parser against the shells, over the scripts of this machine:
#
#   tools/sh_sweep.sh BUILD [FOLDER…]     default: /usr/bin /usr/sbin /usr/share /etc /usr/lib
#
# A script is a file with a #! line of sh, bash or dash, or without one and named *.sh. All are
# given to `bash -n`, those of sh and dash to `dash -n` too. Prints each disagreement and the
# counts; status 1 if there was one. Scripts over 64 KiB are skipped: the limit for one command.
set -u
check=$1/tools/shcheck
shift
[ $# -gt 0 ] || set -- /usr/bin /usr/sbin /usr/share /etc /usr/lib
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "posix FILE" or "bash FILE". Names that hold a newline are left out: answers are lines.
scripts() {
  find "$@" -type f -size +0 ! -name '*
*' -print0 2>/dev/null | sort -z | xargs -0 -r awk '
    FNR == 1 {
      if (/^#!.*[\/ ](sh|dash)( |$)/) print "posix " FILENAME
      else if (/^#!.*[\/ ]bash( |$)/ || (!/^#!/ && FILENAME ~ /\.sh$/)) print "bash " FILENAME
      nextfile
    }' 2>/dev/null
}

# SHELL FILE: ok, unless the shell fails or says more than warnings.
judge() {
  if "$1" -n "$2" >"$work/said" 2>&1 </dev/null && ! grep -qv 'warning:' "$work/said"; then
    echo ok
  else
    echo no
  fi
}

# SHELL OPTION LIST
compare() {
  shell=$1 option=$2 agreed=0 differ=0 long=0
  while IFS=$'\t' read -r ours file message; do
    [ "$ours" != long ] || { long=$((long + 1)) && continue; }
    [ "$ours" != warn ] || ours=ok
    theirs=$(judge "$shell" "$file")
    if [ "$ours" = "$theirs" ]; then
      agreed=$((agreed + 1))
    else
      differ=$((differ + 1))
      echo "$file: $shell says $theirs ($(head -n 1 "$work/said")), we say $ours ($message)"
    fi
  done < <(xargs -d '\n' -r "$check" $option <"$3")
  echo "$shell -n: $agreed agree, $differ differ, $long over 64 KiB skipped"
  [ $differ = 0 ]
}

scripts "$@" >"$work/all"
sed 's/^[a-z]* //' "$work/all" >"$work/bash"
sed -n 's/^posix //p' "$work/all" >"$work/posix"
compare bash '' "$work/bash"
status=$?
if command -v dash >/dev/null; then
  compare dash --posix "$work/posix" || status=1
fi
exit $status
