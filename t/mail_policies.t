#!/usr/bin/perl
# Mail policies end to end: each recipient's mail is judged by the filters of
# the policy that it belongs to, and what one splinter must have no other
# loses.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $rig = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    expect => [qr/event=failed/],
    files => { filters => <<'END' }, filters => <<'YAML',
everything: if subject == "." { insert-header("X-All", "yes"); }
mark: if subject == "tls" { encrypt-deferred("default", "$Subject", "tls"); }
END
    - name: partner
      actions: ['insert-header("X-Policy", "partner $EnvelopeRecipients")']
    - name: hold
      actions: ['quarantine("Policy")']
    - name: secret
      conditions: ['subject == "secret"']
      actions: ['encrypt("default")']
    - name: refuse
      actions: ['drop()']
    - name: rest
      actions: ['insert-header("X-Policy", "rest $EnvelopeRecipients")']
YAML
    more => <<'YAML');
message_filters: filters
mail_policies:
  outgoing:
    - name: boss
      senders: [boss@client.test]
      sender_fields: [from]
      content_filters: []
    - name: partners
      match: all
      senders: ["@client.test"]
      recipients: [partner.test, .partner.test]
      except_recipients: [info@partner.test]
      content_filters: [secret, partner]
    - name: held
      recipients: [held@]
      content_filters: [hold, rest]
    - name: refused
      recipients: [refused.test]
      content_filters: [refuse]
    - name: asleep
      active: false
      recipients: [all]
      content_filters: [refuse]
    - name: default
      content_filters: [rest]
YAML
my $gateway = $rig->gateway;

my $count = 0;
sub submit {
	my ($subject, $to, %o) = @_;
	my $n = ++$count;
	my $from = $o{from} // "m$n\@client.test";
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $from, to => $to, data =>
	    "From: $from\r\nX-Number: $n\r\nSubject: $subject\r\n\r\nb\r\n");
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	return ($n, $mid);
}

# Policy fields by recipient, of all that arrived in clear.
sub arrived {
	my ($n, $wanted) = @_;
	return wait_until(15, sub {
		my %by = map {
			my $data = $_->{data};
			my ($policy) = $data =~ /^X-Policy: (\w+) /m;
			map { $_ => $policy // 'none' } @{ $_->{to} }
		} grep { $_->{data} =~ /^X-Number: $n\r$/m }
		    $sink->messages;
		return keys %by == $wanted ? \%by : undef;
	}) // {};
}

for my $case (['the first that matches', 'partners', 'a@partner.test'],
    ['below a domain', 'partners', 'a@eu.partner.test'],
    ['an exception', 'rest', 'info@partner.test'],
    ['who is left', 'rest', 'a@other.test'],
    ['another sender', 'rest', 'a@partner.test', from => 'x@else.test'],
    ['the From field decides', 'none', 'a@partner.test',
	from => 'boss@client.test']) {
	my ($name, $policy, $to, %o) = @$case;
	my ($n, $mid) = submit('plain', $to, %o);
	my $word = $policy eq 'partners' ? 'partner' : $policy;
	is_deeply(arrived($n, 1), { $to => $word }, $name);
}

subtest 'one message, three policies' => sub {
	my ($n, $mid) = submit('plain', ['a@partner.test', 'b@other.test',
	    'c@eu.partner.test', 'x@refused.test', 'd@other.test']);
	is_deeply(arrived($n, 4), { 'a@partner.test' => 'partner',
	    'c@eu.partner.test' => 'partner', 'b@other.test' => 'rest',
	    'd@other.test' => 'rest' }, 'each by its own');
	my @copies = grep { $_->{data} =~ /^X-Number: $n\r$/m }
	    $sink->messages;
	is(scalar(grep { $_->{data} =~ /^X-All: yes\r$/m } @copies),
	    scalar @copies, 'all by the message filters');
	like($_->{data}, qr/^X-Policy: partner a\@partner\.test, c\@eu/m,
	    'a splinter sees its own recipients')
	    for grep { $_->{data} =~ /^X-Policy: partner/m } @copies;
	ok(wait_until(10, sub { grep { ($_->{recipients} // 0) == 1 }
	    $gateway->events('dropped') }), 'one was dropped');
};

subtest 'one splinter is held, the other goes on' => sub {
	my ($n) = submit('plain', ['held@other.test', 'b@other.test']);
	is_deeply(arrived($n, 1), { 'b@other.test' => 'rest' }, 'one');
	my $list = wait_until(10, sub {
		my $json = $gateway->json('quarantine', 'list');
		return $json && @{ $json->{messages} } ? $json->{messages} :
		    undef;
	}) // [];
	is(scalar @$list, 1, 'one is held');
	is(($gateway->cli('quarantine', 'release', $list->[0]{mid}))[0], 0,
	    'released');
	is_deeply(arrived($n, 2), { 'b@other.test' => 'rest',
	    'held@other.test' => 'rest' }, 'by its own filters');
};

subtest 'F06: protection is by splinter, and never less than before' => sub {
	my $known = grep { grep { $_ eq 'a@partner.test' } @{ $_->{to} } }
	    $sink->messages;
	my ($n) = submit('secret', ['a@partner.test', 'b@other.test']);
	is_deeply(arrived($n, 1), { 'b@other.test' => 'rest' },
	    'one in clear');
	my $mail = Postern::Protection::wait_mail($sink, 'a@partner.test',
	    $known);
	ok($mail && Postern::Protection::envelope_file($mail->{data}),
	    'the other in an envelope');
	my %known = map { my $to = $_; $to => scalar(grep { grep { $_ eq $to }
	    @{ $_->{to} } } $sink->messages) } 'a@partner.test',
	    'b@other.test';
	($n) = submit('tls', ['a@partner.test', 'b@other.test']);
	for my $to ('a@partner.test', 'b@other.test') {
		$mail = Postern::Protection::wait_mail($sink, $to,
		    $known{$to});
		ok($mail && Postern::Protection::envelope_file(
		    $mail->{data}), "what a message filter asked for: $to");
	}
};

$gateway->wait_empty;
$gateway->finish;
done_testing;
