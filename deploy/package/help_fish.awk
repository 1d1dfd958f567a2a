# Makes the fish completion of the records of help_records.awk.
function quoted(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/'/, "\\'", text)
  return "'" text "'"
}
# A condition of fish that is true if the command line holds exactly these words of a command.
function within(command,    n, parts, test) {
  if (command == "") return "__fish_use_subcommand"
  n = split(command, parts, " ")
  test = "__fish_seen_subcommand_from " parts[1]
  if (n > 1) test = test "; and __fish_seen_subcommand_from " parts[2]
  return test
}
BEGIN { print "# fish completion of couponhook; made of the output of couponhook --help" }
$1 == "C" && $2 != "" {
  parent = $2
  last = parent
  if (sub(/ [^ ]*$/, "", parent)) sub(/^.* /, "", last)
  else parent = ""
  printf "complete -c couponhook -f -n %s -a %s -d %s\n", quoted(within(parent)), last, quoted($3)
}
$1 == "O" {
  line = "complete -c couponhook -n " quoted(within($2))
  n = split($3, names, ",")
  for (i = 1; i <= n; ++i) {
    if (names[i] ~ /^--/) line = line " -l " substr(names[i], 3)
    else line = line " -s " substr(names[i], 2)
  }
  if ($4 ~ /\|/) {
    choices = $4
    gsub(/\|/, " ", choices)
    line = line " -x -a " quoted(choices)
  } else if ($4 != "") {
    line = line " -r"
  }
  print line " -d " quoted($6)
}
