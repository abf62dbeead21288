"""Dovecot's configuration for a test: 2.3 as measured, 2.4 with its renamed settings."""


def passwd_line(user: str, password: str) -> str:
    """One line of a passwd-file; the password must not hold a colon."""
    return f"{user}:{password}::::::\n"


_SERVICES = """
service imap-login {
  chroot =
  inet_listener imap {
    port = @port@
  }
  inet_listener imaps {
    port = @tls_port@
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap {
  process_limit = 200
}
"""

_COMMON = """
base_dir = @dir@/run
state_dir = @dir@/state
instance_name = t@port@
log_path = @dir@/dovecot.log
listen = 127.0.0.1
default_internal_user = @user@
default_internal_group = @group@
default_login_user = @user@
first_valid_uid = 1
first_valid_gid = 1
auth_username_chars =
auth_failure_delay = 0
ssl = yes
mail_max_userip_connections = 200
"""

V23 = (
    _COMMON
    + """
protocols = imap
mail_location = maildir:@dir@/mail/%u/Maildir
mail_home = @dir@/mail/%u
auth_mechanisms = plain login xoauth2 oauthbearer
disable_plaintext_auth = no
ssl_cert = <@dir@/cert.pem
ssl_key = <@dir@/key.pem
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u @dir@/passwd
}
userdb {
  driver = static
  args = uid=@uid@ gid=@gid@ home=@dir@/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
"""
    + _SERVICES
)

V24 = (
    """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
    + _COMMON
    + """
protocols {
  imap = yes
}
mail_driver = maildir
mail_path = @dir@/mail/%{user}/Maildir
mail_home = @dir@/mail/%{user}
auth_mechanisms = plain login xoauth2 oauthbearer
auth_allow_cleartext = yes
ssl_server_cert_file = @dir@/cert.pem
ssl_server_key_file = @dir@/key.pem
passdb passwd-file {
  passwd_file_path = @dir@/passwd
  default_password_scheme = PLAIN
  auth_username_format = %{user}
}
userdb static {
  fields {
    uid = @uid@
    gid = @gid@
    home = @dir@/mail/%{user}
  }
}
namespace inbox {
  inbox = yes
  separator = /
}
"""
    + _SERVICES
)
