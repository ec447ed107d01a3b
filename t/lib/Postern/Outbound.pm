package Postern::Outbound;
# Configurations for tests of the delivering side, and what became of the
# mail by the log.
use strict;
use warnings;
use Exporter 'import';

use Postern::Port qw(wait_until);

our @EXPORT_OK = qw(outbound_config deliveries outcome_of wait_outcomes
    mid_of wait_log @TROUBLE);

# Warnings that go with hosts that do not work.
our @TROUBLE = (qr/event=(?:delivery_unreachable|destination_unreachable)\b/,
    qr/event=(?:failed|expired|tls_failed|tls_unavailable)\b/);

# A relay for loopback clients.
#   routes => [[domain, host, ...], ...]  hosts as in smtp_routes
#   destinations, extra => YAML   profile, limits => YAML below the default
#   processes => YAML below processes
sub outbound_config {
	my (%o) = @_;
	my $routes = '';
	for my $route (@{ $o{routes} // [] }) {
		my ($domain, @hosts) = @$route;
		$routes .= "  - domains: [\"$domain\"]\n    hosts: [" .
		    join(', ', map { "\"$_\"" } @hosts) . "]\n";
	}
	my $text = <<"YAML";
hostname: gateway.test
listeners:
  public:
    address: 127.0.0.1
    port: %PORT(public)%
    tls: off
    max_connections_per_client: 1000
sender_groups:
  - name: everybody
    addresses: [127.0.0.0/8]
    mail_flow_policy: relay
mail_flow_policies:
  relay:
    action: relay
    tls: off
    max_errors: 1000
    max_messages: 100000
    max_recipients: 1000
YAML
	$text .= "smtp_routes:\n$routes" if $routes ne '';
	$text .= "destinations:\n" . indent(2, $o{destinations})
	    if $o{destinations};
	$text .= "bounce_profiles:\n  default:\n" . indent(4, $o{profile} //
	    "retry_initial: 1 s\nretry_max: 2 s\nlifetime: 72 h\n");
	$text .= "limits:\n" . indent(2, $o{limits}) if $o{limits};
	$text .= "processes:\n" . indent(2, $o{processes}) if $o{processes};
	return $text . ($o{extra} // '');
}

sub indent {
	my ($columns, $text) = @_;
	$text =~ s/^(?=.)/' ' x $columns/gme;
	return $text;
}

# The MID in the reply to a message.
sub mid_of {
	my ($reply) = @_;
	return $reply =~ /^250 .*?(\d+)\s*\z/ ? $1 : undef;
}

my @outcomes = qw(delivered relayed deferred failed expired);

# Every outcome in the log so far, in its order: the event's fields and
# outcome.  Only of one message where a MID is given.
sub deliveries {
	my ($gateway, $mid) = @_;
	my @found;
	for my $name (@outcomes) {
		for my $event ($gateway->events($name)) {
			next if defined $mid && $event->{mid} != $mid;
			push @found, { %$event, outcome => $name };
		}
	}
	return sort { $a->{line} cmp $b->{line} } @found;
}

# The first outcome of a message.
sub outcome_of {
	my ($gateway, $mid) = @_;
	my ($first) = deliveries($gateway, $mid);
	return $first;
}

# Wait until each of these messages has had an outcome.
sub wait_outcomes {
	my ($gateway, $mids, $seconds) = @_;
	return wait_until($seconds // 20, sub {
		my %seen = map { $_->{mid} => 1 } deliveries($gateway);
		return !grep { !$seen{$_} } @$mids;
	});
}

sub wait_log {
	my ($gateway, $pattern, $seconds) = @_;
	return wait_until($seconds // 20,
	    sub { $gateway->log_text =~ $pattern });
}

1;
