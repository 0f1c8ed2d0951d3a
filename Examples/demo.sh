#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: a tour of what a shim does, played with the sample runtime and then with a real container.
# Both shims and runc must be in PATH (`make demo`). It has a containerd of its own and leaves nothing behind. Exits 1 when something
# was not as it should be. Needs root; takes about a minute.
set -u
export LC_ALL=C.UTF-8

here=$(dirname "$0")
support=$here/../Tests/Support
# A package has all of it in one folder.
[ -d "$support" ] || support=$here
. "$support/private-containerd.sh"
. "$here/lesson.sh"

runtime=com.example.sample.v2
image=docker.io/library/busybox:test

[ "$(id -u)" -eq 0 ] || {
  echo "demo: needs root: containerd and its shims run as root" >&2
  exit 1
}
dir=$(mktemp -d "${TMPDIR:-/tmp}/shim-demo.XXXXXX")
groups=()

# The last step is played however the tour ends.
finish() {
  local status=$?
  trap '' INT TERM HUP
  step "Nothing is left" "The demo has ended all that it began. We look with ps, mount and ls."
  clean_up
  run "ps axo pid,ppid,args | grep -F $dir | grep -v grep"
  for pid in "${groups[@]}"; do output+=$(group "$pid"); done
  check "no process of the demo" [ -z "$output" ]
  run "mount | grep -F $dir"
  check "no mount of the demo" [ -z "$output" ]
  run ls /run/containerd/s
  # Others' may be there.
  check "none of the demo's sockets" no_socket_of_ours
  run ls "$dir"
  check "no temporary folder" [ ! -e "$dir" ]
  echo
  if [ "$reached_the_end" = no ]; then
    echo "The tour was cut short."
    exit $((status ? status : 1))
  fi
  echo "$failures of the observations were wrong; it took $SECONDS seconds."
  [ $failures -eq 0 ] || exit 1
}
reached_the_end=no
trap finish EXIT
trap 'exit 130' INT TERM HUP

# Starts the task of shim-test, and knows its shim from then on.
start_detached() {
  run ctr task start --detach shim-test
  check "exit status 0" [ $? -eq 0 ] || exit 1
  run ctr task ls
  pid=$(task_pid shim-test)
  shim=$(shims shim-test)
  groups+=("$shim")
  note_socket shim-test
  check "the task is RUNNING" is shim-test RUNNING
}

nothing_of_the_task() {
  [ -z "$(shims shim-test)$(group "$shim")" ] && [ ! -e "$socket" ] && [ ! -e "$(bundle shim-test)" ]
}

echo "A tour of a containerd shim. A private containerd is started in $dir."
"$support/make-image.sh" "$dir/busybox.tar" || exit 1
start_containerd "$dir" || exit 1
watch_events
run ctr image import "$dir/busybox.tar" || exit 1

step "Create a container" \
  "A container is only a record in containerd: image, runtime, settings. Nothing runs yet."
run ctr container create --runtime $runtime $image shim-test
run ctr container ls
check "it is listed, with our runtime" says "$runtime"
check "no shim runs yet" [ -z "$(shims)" ]

step "Start its task" "The task is the running part. For it, containerd starts a shim and asks the
shim for Create and then Start. The sample ignores the image: it runs a loop of date on the host."
start_detached
check "its pid is that of a live process" lives "$pid"

step "Who is whose parent" "The shim is no child of containerd, so it lives on without it. It is the
parent of the task, and the first to know of its end."
is_a_family() {
  sleep=$(child "$pid" sleep) || return
  [ "$(parent "$pid") $(parent "$sleep")" = "$shim $pid" ] &&
    [ "$(group "$shim" | sort)" = "$(printf '%s\n' "$shim" "$pid" "$sleep" | sort)" ]
}
eventually is_a_family
run ps axjf | awk -v shim="$shim" 'NR <= 2 || $3 == shim'
above=$(parent "$shim")
check "the shim's parent is init or the nearest subreaper, not containerd" \
  eval '[ "$above" -eq 1 ] || { [ "$above" -ne "$containerd_pid" ] && is_above "$above" $$; }'
check "it is the parent of the task, and the task that of sleep; all three are in its process group" \
  eventually is_a_family

step "A running task is not deleted" "Delete is for tasks that have ended. The shim refuses."
run ctr task rm shim-test
refusal=$?
check "it fails: a task must be stopped before deletion" \
  eval '[ $refusal -ne 0 ] && says "task must be stopped before deletion"'
check "the task is still RUNNING" is shim-test RUNNING

step "Attach" "Attaching means to open the task's FIFOs. The shim keeps them open too, so they outlive
each reader, and what is written meanwhile waits in them. After CTRL-C, sh waits for its sleep first."
on_terminal ctr task attach shim-test
check "dates appear" eventually shows_a_date
eventually forwards_signals
echo "(kill -9 of this ctr, which would pass any other signal on to the task)"
kill -9 "$(child "$terminal_pid" ctr)"
end_of_terminal
check "the task does not mind" is shim-test RUNNING
on_terminal ctr task attach shim-test
check "a second attach shows more dates" eventually shows_a_date
press_ctrl_c
end_of_terminal
check "CTRL-C ends the task, and ctr with status 130 (128 + SIGINT)" [ $terminal_status -eq 130 ]
check "ctr has deleted the task: shim, socket and bundle are gone" eventually nothing_of_the_task

step "Start in the foreground" "Without --detach ctr stays attached and deletes the task at its end."
on_terminal ctr task start shim-test
check "dates appear" eventually shows_a_date
shim=$(shims shim-test)
note_socket shim-test
press_ctrl_c
end_of_terminal
check "status 130 again" [ $terminal_status -eq 130 ]
check "shim, socket and bundle are gone" eventually nothing_of_the_task

step "Kill the task" "Kill sends a signal, here SIGTERM, and does no more. The shim collects the exit
status and keeps it until somebody deletes the task."
start_detached
eventually is_a_family
run ctr task kill shim-test
check "exit status 0" [ $? -eq 0 ]
check "the task ends" eventually is shim-test STOPPED
run ctr task ls
check "no process of it is left: the orphaned sleep was ended too" \
  eventually eval '[ "$(group "$shim")" = "$shim" ] && ! lives "$sleep"'
check "the shim waits for Delete" lives "$shim"

step "Delete the task" "Delete hands over the exit status. The last task's end is the shim's end."
run ctr task rm shim-test
check "ctr warns of exit status 143 (128 + SIGTERM)" says "exit code 143"
check "shim, socket and bundle are gone" eventually nothing_of_the_task

step "Start again" "The container is still there. Each start makes a new task and a new shim."
start_detached

step "The shim is killed" "This should not happen, but memory may run out. containerd sees its
connection close and runs the shim's program with the command delete, which cleans up."
run kill -9 "$shim"
check "the task is forgotten within seconds" eventually is_forgotten shim-test
check "an event tells of its exit with status 137 (128 + SIGKILL)" \
  eventually event_arrived shim-test /tasks/exit '"exit_status":137'
check "processes, socket and bundle are gone" eventually nothing_of_the_task
start_detached
check "and the same id starts again" lives "$pid"

step "containerd is away" "Tasks live on without containerd: that is what shims are for. A second
task, brief, ends meanwhile. Its status is not lost."
run ctr container create --runtime $runtime $image brief
run ctr task start --detach brief
note_socket brief
brief=$(task_pid brief)
groups+=("$(shims brief)")
run ctr task ls
stop_watching_events
run kill "$containerd_pid"
wait "$containerd_pid"
containerd_pid=
check "containerd has ended, the shims have not" lives "$shim"
run kill -HUP "$brief"
eventually not lives "$brief"
start_containerd "$dir" || exit 1
restarted=$(date --rfc-3339=seconds)
watch_events
echo "(containerd runs again)"
run ctr task ls
check "the task is still RUNNING, under the same pid" [ "$(task_pid shim-test)" = "$pid" ]
check "the same shim serves it" [ "$(shims shim-test)" = "$shim" ]
check "brief is STOPPED" is brief STOPPED
run ctr task rm brief
check "with its true status 129 (128 + SIGHUP)" says "exit code 129"
has_later_dates() { tr -d '\r' <"$dir/screen" | awk -v then="$restarted" '$0 >= then { n++ } END { exit !n }'; }
on_terminal ctr task attach shim-test
check "output goes on" eventually has_later_dates
press_ctrl_c
end_of_terminal
check "and CTRL-C arrives: status 130" [ $terminal_status -eq 130 ]
check "shim, socket and bundle are gone" eventually nothing_of_the_task
start_detached
run ctr task kill shim-test
check "kill works" eventually is shim-test STOPPED
run ctr task rm shim-test
check "and so does rm" eventually nothing_of_the_task

step "The events" "The shim has told containerd of each change, in order. \`ctr events\` has listened
all along. Here is what it saw of shim-test, without the times."
eventually are_in_order shim-test
events_of shim-test | cut -c 1-100
check "create, start, exit and delete, always in this order" are_in_order shim-test

for id in shim-test brief; do run ctr container rm $id; done

step "A real container" "Until here a command ran on the host. io.containerd.swift.v2 is the same shim,
but it asks runc to make a container: with a root file system and pids of its own, and a limit of
memory. runc exits when that is done; the shim is the parent of what it has made."
id=box-$$ # runc's state is the machine's: a name that nobody else has
limit=33554432
run ctr run --detach --runtime io.containerd.swift.v2 --memory-limit $limit $image $id \
  sh -c "'while date -Iseconds; do sleep 1; done'"
check "exit status 0" [ $? -eq 0 ] || exit 1
shim=$(shims $id)
groups+=("$shim")
note_socket $id
pid=$(task_pid $id)
check "its process is a child of the shim" [ "$(parent "$pid")" = "$shim" ]
run ctr task exec --exec-id look $id ps
check "inside, it is process 1, and sees no other's" \
  eval '[[ $output =~ 1\ +(0|root)\ .*while\ date ]] && ! says containerd'
run ctr task exec --exec-id look $id ls /
check "inside, there is the image's root" eval 'says bin && ! says boot'
limits() { cat /sys/fs/cgroup/{memory/,}default/$id/memory.{limit_in_bytes,max} 2>/dev/null; }
check "the kernel knows the limit of memory" [ "$(limits)" = $limit ]
on_terminal ctr task attach $id
check "attached, dates appear" eventually shows_a_date
kill -9 "$(child "$terminal_pid" ctr)"
end_of_terminal
run ctr task pause $id
check "it can be frozen" is $id PAUSED
run ctr task resume $id
check "and go on" is $id RUNNING
run ctr task exec --exec-id status $id sh -c "'exit 7'"
check "the status of a command in it comes back" [ $? -eq 7 ]
run ctr task kill --signal KILL $id
check "it ends" eventually is $id STOPPED
run ctr task rm $id
check "status 137 (128 + SIGKILL)" says "exit code 137"
check "processes, socket and bundle are gone" eventually eval \
  '[ -z "$(shims $id)" ] && [ ! -e "$socket" ] && [ ! -e "$(bundle $id)" ]'
run ctr container rm $id
reached_the_end=yes
