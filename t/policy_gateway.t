#!/usr/bin/perl
# The cases of every rule and action as real mail through a gateway.  With
# POSTERN_PROVE=long each rule is made always true and always false, and each
# action made to do nothing, in a gateway of its own: the mail must show it.
#
# Rules that ask lists and directories: t/policy_facts.t, which is run under
# the same conditions.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::PolicyCases;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $rules = \@Postern::PolicyCases::RULES;
my $actions = \@Postern::PolicyCases::ACTIONS;
my $authority = Postern::Authority->new;
$authority->issue('gateway.test', file => 'client', usage => 'clientAuth');
chmod 0755, $authority->{directory};
for my $key (glob "$authority->{directory}/*.key") {
	chown 65534, 65534, $key if $> == 0;
	chmod 0600, $key;
}

# ---- one gateway ----------------------------------------------------------

my ($sink, $gateway);

sub begin {
	my ($broken) = @_;
	$sink = Postern::Sink->new;
	$gateway = Postern::Gateway->new(
	    environment => { POSTERN_BREAK => $broken // '' },
	    expect => [qr/event=(?:failed|key_service|protect|set_aside)/,
		qr/event=(?:delivery_unreachable|destination_unreachable)/],
	    config => Postern::PolicyCases::config(without_facts => 1,
		certificates => $authority->{directory},
		hop => $sink->{port}, public => '%PORT(public)%',
		second => '%PORT(second)%'));
}

sub end {
	$gateway->cli('delete', '--all');
	$gateway->stop;
	undef $gateway;
	undef $sink;
}

# Send a case's message; gives its MID.
sub submit {
	my ($case, $side, $message) = @_;
	my %said = (client => '127.0.0.1', from => 'ann@client.test',
	    to => ['user@sink.test'], listener => 'public');
	$said{$_} = $case->{"${side}_$_"} // $case->{$_} // $said{$_}
	    for keys %said;
	my $client = Postern::Smtp->new(local => $said{client},
	    port => $gateway->port($said{listener})) or return;
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $said{from}, to => $said{to},
	    data => $message);
	$client->quit;
	return $reply =~ /MID (\d+)/ ? $1 : $reply =~ /(\d+)\s*$/ ? $1 :
	    undef;
}

# The messages that came from one that was submitted, by a field of theirs.
sub arrived {
	my ($mark) = @_;
	return grep { $_->{data} =~ /^X-Mark: \Q$mark\E\r$/m }
	    $sink->messages;
}

sub judged {
	my ($mid) = @_;
	wait_until(20, sub { grep { $_->{mid} == $mid }
	    $gateway->events('judged') });
	my ($event) = grep { $_->{mid} == $mid } $gateway->events('judged');
	return $event;
}

# ---- what a case shows ----------------------------------------------------

# Whether a rule's filter fired, and its field arrived.
sub shows_rule {
	my ($i, $side) = @_;
	my $mark = "$i-$side-" . int rand 1e9;
	my $mid = submit($rules->[$i], $side,
	    "X-Mark: $mark\r\n$rules->[$i]{$side}");
	return 'refused' unless $mid;
	my $mail = wait_until(20, sub { (arrived($mark))[0] });
	return 'lost' unless $mail;
	return $mail->{data} =~ /^X-Rule-$i: yes\r$/m ? 'fired' : 'silent';
}

sub rule_holds {
	my ($i) = @_;
	return shows_rule($i, 'yes') eq 'fired' &&
	    shows_rule($i, 'no') eq 'silent';
}

# What of an action can be seen by mail or in the log.
sub action_holds {
	my ($i) = @_;
	my $action = $actions->[$i];
	my $expect = $action->{expect};
	my $mark = "a$i-" . int rand 1e9;
	my $mid = submit($action, '',
	    "X-Do: $i\r\nX-Mark: $mark\r\n$action->{message}");
	return 0 unless $mid;
	# It goes on as another message.
	return way_holds($expect, $mid) if $expect->{recipient};
	my $event = judged($mid) or return 0;
	return 0 if ($expect->{verdict} // 'deliver') ne $event->{verdict};
	return 0 if $expect->{profile} &&
	    ($event->{profile} // '') ne $expect->{profile};
	return 0 if $expect->{protection} && !$event->{profile};
	return 0 if grep { ",$event->{tags}," !~ /\b\Q$_\E\b/ }
	    @{ $expect->{tags} // [] };
	return 0 if grep { $event->{disposition} =~ /\b\Q$_\E\b/ }
	    @{ $expect->{silent} // [] };
	for my $log (@{ $action->{logs} // [] }) {
		return 0 unless grep { $_->{entry} eq $log }
		    $gateway->events('filter_log');
	}
	for my $made (@{ $action->{made} // [] }) {
		my ($kind) = split / /, $made;
		return 0 unless wait_until(5, sub { grep {
		    ($_->{parent} // 0) == $mid } $gateway->events('made') });
	}
	return way_holds($expect, $mid) && mail_holds($expect, $mark);
}

sub way_holds {
	my ($expect, $mid) = @_;
	if ($expect->{recipient}) {
		return wait_until(20, sub { grep { grep {
		    $_ eq $expect->{recipient} } @{ $_->{to} } }
		    $sink->messages });
	}
	my %names = (next_hop => 'next_hop', bounce_profile =>
	    'bounce_profile');
	for my $key (grep { $expect->{$_} } keys %names) {
		my $story = $gateway->json('message', $mid);
		my $text = JSON::PP->new->encode($story);
		return 0 if $key eq 'next_hop' &&
		    $text !~ /\Q$expect->{$key}\E/;
	}
	return 1;
}

sub mail_holds {
	my ($expect, $mark) = @_;
	return 1 unless $expect->{contains} || $expect->{lacks};
	my $mail = wait_until(20, sub { (arrived($mark))[0] }) or return 0;
	return !(grep { index($mail->{data}, $_) < 0 }
	    @{ $expect->{contains} // [] }) && !(grep {
	    index($mail->{data}, $_) >= 0 } @{ $expect->{lacks} // [] });
}

# ---- as they are ----------------------------------------------------------

begin();
for my $i (grep { !$rules->[$_]{yes_facts} } 0 .. $#$rules) {
	is(shows_rule($i, 'yes'), 'fired', "$rules->[$i]{name}: true");
	is(shows_rule($i, 'no'), 'silent', "$rules->[$i]{name}: false");
}
# Where a bounce profile shows is the queue's test.
my @seen = grep { $actions->[$_]{name} !~ /^(?:bounce-profile|no-op)$/ }
    0 .. $#$actions;
ok(action_holds($_), $actions->[$_]{name}) for @seen;
end();

# ---- broken ---------------------------------------------------------------

if (($ENV{POSTERN_PROVE} // '') eq 'long') {
	for my $i (0 .. $#$rules) {
		my $name = $rules->[$i]{name};
		for my $value ($rules->[$i]{no_is_true} ? 'false' :
		    qw(true false)) {
			if ($rules->[$i]{yes_facts}) {
				local $ENV{POSTERN_BREAK} = "$name=$value";
				isnt(system('prove -It/lib t/policy_facts.t ' .
				    '>/dev/null 2>&1'), 0,
				    "$name always $value: seen");
				next;
			}
			begin("$name=$value");
			ok(!rule_holds($i), "$name always $value: seen");
			end();
		}
	}
	for my $i (@seen) {
		begin("$actions->[$i]{name}=");
		ok(!action_holds($i), "$actions->[$i]{name}, doing nothing: " .
		    'seen');
		end();
	}
}
done_testing;
