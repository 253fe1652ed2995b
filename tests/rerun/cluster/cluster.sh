#!/usr/bin/env bash
# A real SLURM cluster on this machine's loopback: one controller and two nodes, all as root, on Debian or Ubuntu.
#
#     tests/cluster/cluster.sh up FOLDER       install what is missing, start everything, wait until both nodes are idle
#     tests/cluster/cluster.sh kill NODE FOLDER   end a node's daemon and its jobs as a crash would (n1 or n2)
#     tests/cluster/cluster.sh start NODE       start that node again
#     tests/cluster/cluster.sh down FOLDER     end what was started here, and nothing else
#
# Everything stands in FOLDER, but for the packages and the link /etc/slurm/slurm.conf: srun inside a job looks there.
set -euo pipefail
CONF=/etc/slurm/slurm.conf

install() {
    command -v slurmctld >/dev/null && command -v munged >/dev/null && return
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends slurm-wlm munge >/dev/null
}

configure() {
    mkdir -p "$1"/{state,n1,n2,munge} && chmod 700 "$1/munge"
    local host cores memory
    host=$(hostname -s) cores=$(nproc) memory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
    head -c 1024 /dev/urandom >"$1/munge/key" && chmod 400 "$1/munge/key"
    cat >"$1/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/%n
SlurmdPidFile=$1/%n.pid
SlurmctldPidFile=$1/slurmctld.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/%n.log
SlurmdTimeout=10
MinJobAge=3600
KillWait=5
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16818 CPUs=$cores RealMemory=$memory
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16819 CPUs=$cores RealMemory=$memory
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
    mkdir -p /etc/slurm && ln -s "$1/slurm.conf" "$CONF"
}

idle() { [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c '^idle$')" = 2 ]; }

up() {
    [ ! -e "$CONF" ] || { echo "$CONF exists: this machine has a SLURM cluster already" >&2; return 1; }
    install
    configure "$1"
    munged --force --key-file="$1/munge/key" --socket="$1/munge/socket" --pid-file="$1/munge/pid" \
        --log-file="$1/munge/log" --seed-file="$1/munge/seed"
    slurmctld
    slurmd -N n1
    slurmd -N n2
    for _ in $(seq 120); do
        idle "$1" && { echo "two nodes are idle"; return; }
        sleep 0.5
    done
    echo "the nodes did not come up; see $1/slurmctld.log" >&2
    return 1
}

# A crash of a node: its daemon goes first, then the steps of its jobs with all that they started.
kill_node() {
    local step
    kill -KILL "$(cat "$2/$1.pid")" || true
    for step in $(pgrep -f "slurmstepd: \[" || true); do
        grep -zq "^SLURMD_NODENAME=$1$" "/proc/$(pgrep -P "$step" | head -1)/environ" 2>/dev/null || continue
        descend "$step"
    done
}

descend() {
    local child
    for child in $(pgrep -P "$1" || true); do descend "$child"; done
    kill -KILL "$1" 2>/dev/null || true
}

down() {
    local file
    [ "$(readlink "$CONF")" = "$1/slurm.conf" ] || return 0
    scancel --full --user=root 2>/dev/null || true
    for file in "$1"/n1.pid "$1"/n2.pid "$1"/slurmctld.pid "$1"/munge/pid; do
        [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
    done
    rm "$CONF"
}

case "${1:-}" in
    up | down) "$1" "$(realpath -m "$2")" ;;
    kill) kill_node "$2" "$(realpath "$3")" ;;
    start) slurmd -N "$2" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
