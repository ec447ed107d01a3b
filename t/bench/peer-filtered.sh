#!/bin/bash
# peer-filtered.sh: peer-postern.sh with ten content filters, none of which
# fires on the harness's messages.
export PEER_NAME=filtered PEER_PORT=2531
PEER_CONFIG=$(cat <<'YAML'
quarantines:
  Policy: { description: for a look }
content_filters:
  outgoing:
    - { name: secure, conditions: ['subject == "(?i)\\[secure\\]"'], actions: ['quarantine("Policy")'] }
    - { name: cards, conditions: ['body-contains("*credit", 1)'], actions: ['quarantine("Policy")'] }
    - { name: banks, conditions: ['only-body-contains("*aba", 2)'], actions: ['quarantine("Policy")'] }
    - { name: persons, conditions: ['body-contains("*ssn", 1)'], actions: ['quarantine("Policy")'] }
    - { name: words, conditions: ['body-contains("(?i)\\bstrictly confidential\\b")'], actions: ['quarantine("Policy")'] }
    - { name: project, conditions: ['body-contains("(?i)project bluebird")'], actions: ['tag-message("bluebird")'] }
    - { name: programs, conditions: ['attachment-filename == "(?i)\\.(?:exe|scr|pif)$"'], actions: ['drop()'] }
    - { name: large, conditions: ['body-size > 20M'], actions: ['bounce()'] }
    - { name: bulk, conditions: ['header("Precedence") == "bulk"'], actions: ['insert-header("X-Bulk", "yes")'] }
    - { name: partner, conditions: ['rcpt-to == "@partner\\.example$"'], actions: ['insert-header("X-Partner", "yes")'] }
YAML
)
export PEER_CONFIG
exec "$(dirname "${BASH_SOURCE[0]}")/peer-postern.sh" "$@"
