#!/usr/bin/perl
# Judging is pure: real messages of many kinds are judged alike by the trace
# of the running gateway (in the jail, with neither machine code nor
# Vectorscan), by a trace in a process of its own (with both), and by scan
# when they come as mail.  All of them with POSTERN_PROVE=long, else one in
# twelve.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP;
use Test::More;
use Postern::Corpus;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $missing = Postern::Corpus::missing();
plan skip_all => $missing if $missing;
my $step = ($ENV{POSTERN_PROVE} // '') eq 'long' ? 1 : 12;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(
    # Some have more attachments than are looked at.
    expect => [qr/event=set_aside/], config =>
    Postern::Gateway::default_config($sink, extra => <<'YAML'));
quarantines:
  Policy: { description: for a look }
dictionaries:
  words:
    whole_words: true
    terms: [ "the, 2", message, "/[a-z]+@[a-z]+/, 3", "/\\d{4}/", "*credit" ]
text_resources:
  small: { type: disclaimer, text: "About $Subject." }
content_filters:
  outgoing:
    - name: words
      conditions: ['dictionary-match("words", 3)']
      actions: ['tag-message("words")', 'log-entry("$MatchedContent")']
    - name: pages
      conditions:
        - body-contains("(?i)https?://[^ ]{4,60}", 2)
        - subject == "(?i)re"
      match: any
      actions: ['insert-header("X-Pages", "$filenames")']
    - name: pictures
      conditions: ['attachment-filetype == "image"']
      actions: ['drop-attachments-by-filetype("image")']
    - name: foot
      conditions: ['body-size < 10k']
      actions: ['add-footer("small")']
    - name: held
      conditions: ['only-body-contains("\\d{3}", 5)']
      actions: ['quarantine("Policy")']
YAML

my @messages = grep { !$_->{fault} && $_->{number} % $step == 0 &&
    length $_->{data} < 8_000_000 } Postern::Corpus::messages();
cmp_ok(scalar @messages, '>', 1000 / $step - 1, 'messages');

my $json = JSON::PP->new->canonical;
my $yaml = "$gateway->{directory}/postern.yaml";

# What a trace says, without what it cost and which configuration that was.
sub timeless {
	my ($node) = @_;
	return [map { timeless($_) } @$node] if ref $node eq 'ARRAY';
	return $node if ref $node ne 'HASH';
	return { map { $_ => timeless($node->{$_}) }
	    grep { !/^(?:ns|version)$/ } keys %$node };
}

sub trace {
	my ($message, @options) = @_;
	my $file = $gateway->write_file('message.eml', $message->{data});
	return timeless($gateway->json('trace', $file,
	    '--from', "m$message->{number}\@corpus.test",
	    '--to', 'reader@sink.test', @options));
}

my (@stories, %fired);
for my $message (@messages) {
	my $story = trace($message);
	my $apart = trace($message, '--config', $yaml);
	is_deeply($apart, $story, "$message->{path} apart")
	    if $json->encode($apart) ne $json->encode($story);
	push @stories, $story;
	$fired{$_}++ for map { split /, /, $_->{filters} // '' }
	    @{ $story->{outcome}{splinters} };
}
is(scalar(grep { $fired{$_} } qw(words pages pictures foot held)), 5,
    'each filter has messages') or diag explain \%fired;

# As mail: judged, or set aside with a reason.
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO corpus.test');
my %traced;
for my $i (0 .. $#messages) {
	my $message = $messages[$i];
	my $reply = $client->send(from => "m$message->{number}\@corpus.test",
	    to => 'reader@sink.test', data => $message->{data});
	my ($mid) = $reply =~ /queued as (\d+)/ or
	    fail("$message->{path} is taken: $reply");
	$traced{$mid // ''} = $stories[$i]{outcome};
}
$client->quit;
my @ends;
ok(wait_until(300, sub {
	@ends = map { $gateway->events($_) } qw(judged set_aside);
	return @ends >= @messages;
}), 'all are judged');
for my $end (@ends) {
	my $outcome = $traced{$end->{mid}};
	my $splinter = $outcome->{splinters}[0];
	my $as_mail = $end->{reason} // "$end->{verdict} by " .
	    $end->{disposition};
	my $traced = $outcome->{reason} // "$splinter->{verdict} by " .
	    ($splinter->{filters} || 'no filter matched');
	is($as_mail, $traced, "MID $end->{mid} as mail")
	    if $as_mail ne $traced;
}
is(scalar @ends, scalar @messages, 'each as it was traced');
$gateway->cli('quarantine', 'delete', $_->{mid})
    for @{ $gateway->json('quarantine', 'list')->{messages} };
$gateway->finish;
done_testing;
