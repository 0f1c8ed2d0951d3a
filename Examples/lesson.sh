# SPDX-License-Identifier: Apache-2.0
#
# What demo.sh is told with: commands that are shown and checked, a terminal, and the end of all that
# was begun. It reads `dir`, the demo's folder, and CONTAINERD_ADDRESS.

patience=15 # seconds that a condition may take to come true
failures=0
steps=0
events_pid=
terminal_pid=
sockets=()
fifos=

bold= plain=
[ ! -t 1 ] || { bold=$'\e[1m' plain=$'\e[0m'; }

# step HEADING TEXT: begins a step of the lesson.
step() {
  steps=$((steps + 1))
  printf '\n%s%d. %s%s\n%s\n\n' "$bold" $steps "$1" "$plain" "$2"
}

# Shows a command line, runs it, keeps its output in `output` and answers its status.
run() {
  printf '%s$ %s%s\n' "$bold" "$*" "$plain"
  output=$(eval "$*" 2>&1)
  local status=$?
  [ -z "$output" ] || printf '%s\n' "$output"
  return $status
}

# check TEXT COMMAND…: ✓ when the command succeeds, else ✗.
check() {
  local text=$1
  shift
  if "$@"; then
    echo "✓ $text"
  else
    echo "✗ $text"
    failures=$((failures + 1))
    return 1
  fi
}

# eventually COMMAND…: waits until it succeeds, for as long as our patience lasts.
eventually() {
  local deadline=$((SECONDS + patience))
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.05
  done
}

not() { ! "$@"; }

# No ctr of ours may hang; --foreground leaves it within reach of CTRL-C.
ctr() { timeout --foreground 30 ctr "$@"; }
says() { [[ $output == *"$1"* ]]; }

# -- Processes -------------------------------------------------------------------------------------

# A process that has ended and that init has not reaped yet counts as gone.
lives() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  [[ ${stat##*) } != [ZX]* ]]
}

# The processes that were given our containerd's address, or its configuration: it and its shims.
ours() { pgrep -f -- "(-address|--config) $dir/" || true; }
# shims [ID]: their pids.
shims() { pgrep -f -- "-id ${1:-[^ ]+} -address $dir/" || true; }
# The processes in a group, those that have ended left out.
group() { ps -eo pgid=,pid=,stat= | awk -v group="$1" '$1 == group && $3 !~ /^[ZX]/ { print $2 }'; }
parent() { ps -o ppid= -p "$1" | tr -d ' '; }
child() {
  local found
  found=$(pgrep -P "$1" ${2:+"$2"}) && echo "${found%%$'\n'*}"
}

# is_above PID DESCENDANT
is_above() {
  local pid=$2
  while [ "${pid:-0}" -gt 1 ]; do
    pid=$(parent "$pid")
    [ "$pid" != "$1" ] || return 0
  done
  return 1
}

# -- Tasks -----------------------------------------------------------------------------------------

# The columns of `ctr task ls` are TASK, PID and STATUS.
task_pid() { ctr task ls | awk -v id="$1" '$1 == id { print $2 }'; }
state() { ctr task ls | awk -v id="$1" '$1 == id { print $3 }'; }
is() { [ "$(state "$1")" = "$2" ]; }
is_forgotten() { [ -z "$(state "$1")" ]; }
bundle() { echo "$dir/state/io.containerd.runtime.v2.task/default/$1"; }

# Remembers where a task's shim listens: its bundle goes with the task.
note_socket() {
  socket=$(cat "$(bundle "$1")/address")
  socket=${socket#unix://}
  sockets+=("$socket")
}

# -- Events ----------------------------------------------------------------------------------------

# Writes all events to a file. It is sure to listen when one has arrived: namespaces make some.
watch_events() {
  : >"$dir/probes"
  exec ctr events > >(tee "$dir/probes" >>"$dir/events") 2>/dev/null &
  events_pid=$!
  eventually sees_a_probe
}

sees_a_probe() {
  [ -s "$dir/probes" ] && return
  ctr namespaces create "probe-$RANDOM"
  sleep 0.1
  [ -s "$dir/probes" ]
}

stop_watching_events() {
  [ -z "$events_pid" ] || kill "$events_pid" 2>/dev/null
  events_pid=
}

# The events of a task as lines of topic and JSON.
events_of() {
  sed -n 's|^.* default \(/tasks/[a-z-]*\) \({.*}\)$|\1 \2|p' "$dir/events" |
    grep -F "\"container_id\":\"$1\""
}

event_arrived() { events_of "$1" | grep -q "^$2 .*$3"; }

# Whether they are, again and again: create, start, exit, delete.
are_in_order() {
  local topics
  topics=$(events_of "$1" | sed 's|^/tasks/\([a-z]*\).*|\1|' | tr '\n' ' ')
  [[ $topics =~ ^("create start exit delete ")+$ ]]
}

# -- A terminal ------------------------------------------------------------------------------------

# Runs a command on a terminal of its own; what it prints goes to the file `screen`.
on_terminal() {
  printf '%s$ %s%s\n' "$bold" "$*" "$plain"
  coproc terminal { exec script -qefc "exec $*" /dev/null; } >"$dir/screen" 2>&1
  terminal_pid=$!
  keyboard=${terminal[1]}
}

dates() { grep -c '^[0-9-]*[ T][0-9:]*+' "$dir/screen"; }
shows_a_date() { [ "$(dates)" -gt 0 ]; }
# That ctr forwards signals from now on: only then does a program in Go catch SIGTSTP too.
forwards_signals() {
  local caught
  caught=$(awk '/^SigCgt/ { print $2 }' "/proc/$(child "$terminal_pid" ctr)/status" 2>/dev/null)
  [ $((0x${caught:-0} & 1 << 19)) -ne 0 ]
}

press_ctrl_c() {
  eventually forwards_signals
  note_fifos "$(child "$terminal_pid" ctr)"
  echo "(CTRL-C)"
  printf '\003' >&"$keyboard"
}

# The command's exit status, within our patience; its output is shown.
end_of_terminal() {
  eventually not lives "$terminal_pid" || kill -9 "$(child "$terminal_pid")"
  wait "$terminal_pid"
  terminal_status=$?
  terminal_pid=
  tr -d '\r' <"$dir/screen" | sed 's/^^C//'
}

# -- The end ---------------------------------------------------------------------------------------

# Remembers the FIFOs that a process has open.
note_fifos() { fifos+=$(readlink /proc/"${1:-none}"/fd/*)$'\n'; }

# Whatever has happened before: ends and removes all that the demo began.
clean_up() {
  if [ -n "$terminal_pid" ]; then
    note_fifos "$(child "$terminal_pid" ctr)"
    kill -9 "$(child "$terminal_pid")" "$terminal_pid" 2>/dev/null
    wait "$terminal_pid" 2>/dev/null
  fi
  stop_watching_events
  [ -z "${containerd_pid:-}" ] || stop_containerd 2>/dev/null
  # containerd is gone and starts none. A shim leads its own process group, with its tasks in it.
  local pid deadline=$((SECONDS + patience))
  while [ -n "$(ours)" ] && [ $SECONDS -lt $deadline ]; do
    for pid in $(shims); do
      groups+=("$pid")
      note_fifos "$pid"
      kill -9 -- "-$pid" 2>/dev/null
    done
    sleep 0.05
  done
  # A shim that is killed leaves its socket; so it is named after what we know (see SocketPath.swift).
  local id
  for id in shim-test brief; do
    sockets+=("/run/containerd/s/$(sha256sum < <(printf %s "$dir/containerd.sock/default/$id") | cut -c 1-64)")
  done
  rm -f "${sockets[@]}"
  # ctr makes the folders of its FIFOs, and nobody removes that of a task whose shim was killed.
  { echo "$fifos"; grep -o '"stdout":"[^"]*' "$dir/events" 2>/dev/null; } |
    grep -o '/run/containerd/fifo/[0-9]*' | sort -u | xargs -r rm -rf
  rm -rf "$dir"
}

no_socket_of_ours() {
  local socket
  for socket in "${sockets[@]}"; do [ ! -e "$socket" ] || return 1; done
}
