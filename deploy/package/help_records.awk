# Reads the help of one command and prints records, with tabs between the fields:
#   C  COMMAND  DESCRIPTION                  first record; COMMAND is empty for the program itself
#   U  COMMAND  USAGE
#   A  COMMAND  NAME  DESCRIPTION            a positional argument
#   O  COMMAND  NAMES  VALUE  DEFAULT  DESCRIPTION  an option; VALUE is empty for a flag
#   F  COMMAND  LINE                         a line of the text after the options
# The variable `command` holds the words of the command.
BEGIN { OFS = "\t" }

function finish() {
  if (name == "") return
  if (section == "Positionals") {
    sub(/ TEXT/, "", name)
    sub(/ REQUIRED/, "", name)
    print "A", command, name, description
  } else if (section == "Options") {
    option()
  }
  name = ""
}

# Splits "--port UINT:UINT in [0 - 65535]=8443" into names, value and default.
function option(    names, value, preset, at) {
  names = name
  value = ""
  preset = ""
  at = index(name, " ")
  if (at > 0) {
    names = substr(name, 1, at - 1)
    value = substr(name, at + 1)
    sub(/ REQUIRED/, "", value)
    if (match(value, /=[^=]*$/)) {
      preset = substr(value, RSTART + 1)
      value = substr(value, 1, RSTART - 1)
    }
    if (match(value, /\{.*\}/)) {
      value = substr(value, RSTART + 1, RLENGTH - 2)
      gsub(/,/, "|", value)
    } else if (value ~ /^(UINT|INT|FLOAT)/) {
      value = "NUMBER"
    } else if (names == "--config") {
      value = "FILE"
    } else {
      value = "TEXT"
    }
  }
  print "O", command, names, value, preset, description
}

NR == 1 { print "C", command, $0; next }
/^Usage: / { finish(); print "U", command, substr($0, 8); next }
/^(Positionals|Options|Subcommands):$/ { finish(); section = substr($0, 1, length($0) - 1); next }
/^$/ { finish(); if (section == "Options") footer = 1; next }
footer && section != "Subcommands" { print "F", command, $0; next }
/^  [^ ]/ {
  finish()
  line = substr($0, 3)
  at = match(line, /   *[^ ]/)
  if (at > 0) {
    name = substr(line, 1, at - 1)
    description = substr(line, at)
    sub(/^ */, "", description)
  } else {
    name = line
    description = ""
  }
  next
}
/^ / {
  line = $0
  sub(/^ */, "", line)
  description = description (description == "" ? "" : " ") line
}
END { finish() }
