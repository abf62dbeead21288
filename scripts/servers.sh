#!/usr/bin/env bash
# Installs the real servers that tests start on their own ports, from the system's packages: only what is missing,
# only where this user may. Without them their tests are skipped, unless MAILCASE_REQUIRE_SERVERS=1.
set -euo pipefail

has() {  # has COMMAND: on the path, or where Debian puts servers
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

missing=()
has dovecot || missing+=(dovecot-imapd)
{ has initdb && has postgres; } || missing+=(postgresql)
has openssl || missing+=(openssl)
# Of Postfix one test starts its own. On a desk its package would put a mail server into the system: asked for by CI alone.
[ "${MAILCASE_REQUIRE_SERVERS:-}" != 1 ] || [ "$(id -u)" -ne 0 ] || has postfix || missing+=(postfix)
[ ${#missing[@]} -eq 0 ] && exit 0

give_up() {
    echo "servers: $1; the tests that need ${missing[*]} cannot run" >&2
    echo "servers: install them yourself: apt-get install --no-install-recommends ${missing[*]}" >&2
    [ "${MAILCASE_REQUIRE_SERVERS:-}" = 1 ] && exit 1
    exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up "no apt-get on this system"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || give_up "this user may not install packages (neither root nor sudo without a password)"
    as_root=(sudo -n)
fi
echo "servers: installing ${missing[*]}"
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 "$@"
}
# Where they must be: another apt at work (as on a new machine) and a mirror that is away for once are waited out.
for pause in ${MAILCASE_APT_PAUSES-${MAILCASE_REQUIRE_SERVERS:+10 30 60}} last; do
    apt update && apt install --yes --no-install-recommends "${missing[@]}" >/dev/null && exit 0
    [ "$pause" = last ] || sleep "$pause"
done
give_up "apt-get failed"
