package Postern::Protection;
# A gateway with filters, an encryption profile and a key service of its own,
# and what recipients do with the mail that comes out of it.
use strict;
use warnings;
use MIME::Base64 qw(decode_base64);

use Postern::Authority;
use Postern::Browser;
use Postern::Gateway;
use Postern::Port qw(wait_until);

# The configuration behind a relay listener; options:
#   filters      YAML of content_filters.outgoing (list items)
#   profile      further lines of encryption.profiles.default
#   global       further lines of encryption.global
#   key_service  further lines of key_service
#   hosts        next hop of everything: "127.0.0.1:port"
#   destinations YAML of destinations (list items)
#   more         further YAML
sub config {
	my ($authority, %o) = @_;
	my $server = $authority->issue('key-service', file => 'server',
	    alternative => 'IP:127.0.0.1');
	my $portal = $authority->issue('localhost', file => 'portal',
	    alternative => 'DNS:localhost,IP:127.0.0.1');
	my $client = $authority->issue('gateway.test', file => 'client',
	    usage => 'clientAuth');
	my $filters = $o{filters} // <<'YAML';
    - name: secure
      conditions: ['subject == "(?i)\\[SECURE\\]"']
      actions: ['encrypt("default", "$Subject")']
YAML
	my %more = map { $_ => $o{$_} // '' }
	    qw(profile global key_service destinations more);
	return <<"YAML";
hostname: gateway.test
listeners:
  public:
    address: 127.0.0.1
    port: %PORT(public)%
    tls: off
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
smtp_routes:
@{[ $o{routes} // "  - domains: [all]\n    hosts: [\"$o{hosts}\"]" ]}
@{[ $more{destinations} ? "destinations:\n$more{destinations}" : '' ]}
bounce_profiles:
  default:
    retry_initial: 1 s
    retry_max: 2 s
    lifetime: 72 h
content_filters:
  outgoing:
$filters
quarantines:
  Policy:
    description: held for a look
encryption:
  global:
    client_certificate: client
    trust: $authority->{certificate}
$more{global}
  profiles:
    default:
      organisation: Example Ltd
$more{profile}
key_service:
  enabled: true
  directory: %DIR%/vault
  master_key: %DIR%/master.key
  management:
    port: %PORT(management)%
    certificate: server
  client_trust: $authority->{certificate}
  portal:
    address: 127.0.0.1
    port: %PORT(portal)%
    certificate: portal
    url: https://localhost:%PORT(portal)%
  sender: messages\@gateway.test
$more{key_service}
tls:
  certificates:
    server: { certificate: $server->{cert}, key: $server->{key} }
    portal: { certificate: $portal->{cert}, key: $portal->{key} }
    client: { certificate: $client->{cert}, key: $client->{key} }
  trust:
    system: false
    files: [$authority->{certificate}]
$more{more}
YAML
}

# new(hosts => '127.0.0.1:port', further options of config() and of
#     Postern::Gateway->new)
sub new {
	my ($class, %o) = @_;
	my $authority = $o{authority} // Postern::Authority->new;
	my $config = config($authority, %o);
	# Root runs the gateway as somebody without rights.
	system 'chown', '-R', '65534:65534', $authority->{directory}
	    if $> == 0;
	chmod 0755, $authority->{directory};
	my $gateway = Postern::Gateway->new(config => $config,
	    files => { 'master.key' => random_hex() . "\n",
		%{ $o{files} // {} } },
	    map { $_ => $o{$_} } grep { exists $o{$_} }
	    qw(expect build environment start directory arguments));
	return bless { gateway => $gateway, authority => $authority }, $class;
}

sub random_hex {
	open my $in, '<:raw', '/dev/urandom' or die $!;
	read $in, my $bytes, 32;
	return unpack 'H*', $bytes;
}

sub gateway { $_[0]{gateway} }

# A new browser at the portal.
sub browser {
	my ($self) = @_;
	my $port = $self->{gateway}->port('portal');
	return Postern::Browser->new(url => "https://localhost:$port",
	    address => '127.0.0.1', ca => $self->{authority}{certificate});
}

# ---- mail ------------------------------------------------------------------

# The leaves of a MIME message: { type, head, body (decoded) }.
sub leaves {
	my ($data) = @_;
	my ($head, $body) = split /\r\n\r\n/, $data, 2;
	(my $flat = $head) =~ s/\r\n[ \t]+/ /g;
	my ($type) = $flat =~ /^Content-Type:\s*([^\s;]+)/im;
	$type = lc($type // 'text/plain');
	if ($type =~ m{^multipart/}) {
		my ($boundary) = $flat =~
		    /^Content-Type:.*\bboundary="?([^";\r\n]+)/im;
		my (undef, @parts) = split
		    /(?:\A|\r\n)--\Q$boundary\E(?:--)?[ \t]*(?:\r\n|\z)/, $body;
		return map { leaves($_) } grep { /\S/ } @parts;
	}
	$body = decode_base64($body)
	    if $flat =~ /^Content-Transfer-Encoding:\s*base64/im;
	return { type => $type, head => $flat, body => $body };
}

# The file in an enveloped mail, or nothing.
sub envelope_file {
	my ($data) = @_;
	my ($leaf) = grep { $_->{head} =~ /securedoc/ } leaves($data);
	return $leaf && $leaf->{body};
}

# The link in its notification, as a path.
sub envelope_link {
	my ($data) = @_;
	my ($text) = grep { $_->{type} eq 'text/plain' } leaves($data);
	return $text && $text->{body} =~ m{https://[^/\s]+(/m/[0-9a-f]{32})} ?
	    $1 : undef;
}

# The code in a mail, as digits.
sub code_of {
	my ($data) = @_;
	my (undef, $body) = split /\r\n\r\n/, $data, 2;
	my ($code) = $body =~ /^Your code: (\d{4} \d{4})\r?$/m or return;
	$code =~ s/ //;
	return $code;
}

# Wait for a mail to that address behind the first $known ones of the sink.
sub wait_mail {
	my ($sink, $to, $known, $seconds) = @_;
	return wait_until($seconds // 20, sub {
		my @all = grep { grep { $_ eq $to } @{ $_->{to} } }
		    $sink->messages;
		return @all > $known ? $all[$known] : undef;
	});
}

1;
