#!/usr/bin/perl
# Recipients in Chromium, at a gateway that sends them envelopes.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use JSON::PP qw(encode_json);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Port qw(free_port);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;
use Postern::Web;

my $missing = Postern::Web::missing();
plan skip_all => $missing if $missing;

my $folder = tempdir(CLEANUP => 1);
my $sink = Postern::Sink->new;
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    global => "    max_message_size: 25 MB\n",
    more => "limits:\n  message_size: 50 MB\n");
my $gateway = $trial->gateway;
my $portal = 'https://localhost:' . $gateway->port('portal');

sub write_to {
	my ($name, $content) = @_;
	open my $out, '>:raw', "$folder/$name" or die "$name: $!";
	print {$out} $content;
	close $out;
	return "$folder/$name";
}

my $spy = free_port();
# Script, remote content, forms, refreshes and style in a mail.
my $hostile = join '', '<h1>Report</h1>',
    '<script>parent.document.title="owned";alert(1)</script>',
    '<img src="SPY/a.png" onerror="alert(2)">',
    '<style>@import url(SPY/b.css);</style>',
    '<div style="background:url(SPY/c.png)">x</div>',
    '<meta http-equiv=refresh content="0;url=SPY/d.html">',
    '<base href="SPY/"><form action="/e"><input name=a>',
    '<input type=submit></form>',
    '<link rel=stylesheet href="SPY/f.css">',
    '<iframe src="SPY/g.html"></iframe>',
    '<svg onload="alert(3)"><a href="javascript:alert(4)">y</a></svg>';
$hostile =~ s{SPY}{http://127.0.0.1:$spy}g;

my $count = 0;
sub envelope {
	my ($size, $header_to) = @_;
	my $n = ++$count;
	my $to = "r$n\@d.test";
	$header_to //= "<$to>";
	my $bytes = '';
	$bytes .= pack 'N', int rand 2 ** 32 while length $bytes < $size;
	my $clear = join "\r\n", 'From: Ann <ann@client.test>', "To: $header_to",
	    "Subject: [SECURE] number $n", 'MIME-Version: 1.0',
	    'Content-Type: multipart/mixed; boundary=b', '', '--b',
	    'Content-Type: text/html; charset=utf-8', '', $hostile, '--b',
	    'Content-Type: application/octet-stream',
	    'Content-Disposition: attachment; filename=data.bin',
	    'Content-Transfer-Encoding: base64', '',
	    encode_base64($bytes, "\r\n") . '--b--', '';
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => 'ann@client.test', to => $to,
	    data => $clear);
	$client->quit;
	my $mail = Postern::Protection::wait_mail($sink, $to, 0, 60) or
	    BAIL_OUT("no envelope: $reply");
	return { to => $to, portal => $portal,
	    file => write_to("$n.html",
		Postern::Protection::envelope_file($mail->{data})),
	    clear => write_to("$n.eml", $clear),
	    attachment => write_to("$n.bin", $bytes),
	    link => Postern::Protection::envelope_link($mail->{data}) };
}

my %sizes = ('10 KB' => 6000, '1 MB' => 700_000, '10 MB' => 7_300_000);
my @open;
for my $size (sort { $sizes{$a} <=> $sizes{$b} } keys %sizes) {
	for my $way (qw(script form)) {
		for my $device (qw(desktop phone)) {
			push @open, { %{ envelope($sizes{$size}) },
			    size => $size, way => $way, device => $device };
		}
	}
}
my %cases = (open => \@open, spy => $spy,
    stranger => envelope(1000, 'undisclosed-recipients:;'),
    map { $_ => envelope(1000) } qw(pages codes state));
my $passed = Postern::Web::run('recipient.spec.mjs', $sink->{directory},
    write_to('cases.json', encode_json(\%cases)),
    "$gateway->{build}/postern", "$gateway->{directory}/run/control",
    "$gateway->{directory}/clock");
exit !$passed;
