#!/bin/bash
# peer-postern.sh start|stop|empty|flush|count: Postern as a plain relay from
# 127.0.0.1:2530 to 127.0.0.1:$SINKPORT, for the side-by-side harness.  The
# built tree is $POSTERN_TREE, or where this file stands.  PEER_NAME,
# PEER_PORT and PEER_CONFIG (more YAML) make it another peer.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
N=${PEER_NAME:-postern} PORT=${PEER_PORT:-2530}
D=$P/$N
TREE=${POSTERN_TREE:-$(cd "$here/../.." && pwd)}
BUILD=${POSTERN_BUILD:-$TREE/build}
cli() { "$BUILD/postern" --socket "$D/run/control" "$@"; }

configuration() {
	cat <<YAML
hostname: relay.bench.invalid
listeners:
  bench:
    address: 127.0.0.1
    port: $PORT
    tls: ${LISTENER_TLS:-off}
    max_connections: 60000
    max_connections_per_client: 60000
sender_groups:
  - name: bench
    addresses: [127.0.0.0/8]
    mail_flow_policy: relay
mail_flow_policies:
  relay:
    action: relay
    tls: off
    max_messages: 1000000
smtp_routes:
  - domains: [all]
    hosts: ["127.0.0.1:$SINKPORT"]
destinations:
  - domains: [all]
    tls: none
    concurrency: ${CONC:-50}
processes:
  queue_directory: $D/queue
  run_directory: $D/run
logs:
  level: info
  stderr: false
  file: $D/event.log
${PEER_CONFIG:-}
YAML
}

case $1 in
start)
	mkdir -p "$D"
	configuration >"$D/postern.yaml"
	user=()
	if [ "$(id -u)" = 0 ]; then
		chmod 755 "$P" "$D"
		chown -R 65534:65534 "$D"
		user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	(
		ulimit -n 65536 2>/dev/null
		cg_enter $N
		exec setsid "${user[@]}" "$BUILD/postern-supervisor" \
		    -c "$D/postern.yaml" >>"$RAW/$N.out" 2>&1 </dev/null
	) &
	wait_port $PORT
	;;
stop)
	cg_stop $N
	;;
empty)
	cli --json queue --count | grep -q '"messages": 0,'
	;;
count)
	cli --json queue --count | sed -n 's/.*"messages": \([0-9]*\).*/\1/p'
	;;
flush)
	cli retry --all >/dev/null
	;;
*)
	echo "usage: peer-postern.sh start|stop|empty|flush|count" >&2
	exit 2
	;;
esac
