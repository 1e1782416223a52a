print("runs all the same")
# env: PYTRACE_EVENTS=lines
# env: PYTRACE_FORMAT=xml
# env: PYTRACE_INCLUDE=@users
# env: PYTRACE_DEPTH=-1
# env: PYTRACE_OUTPT=x
# skip: transparent reference
# trace:
#   bad_settings.py:1       > <module>
#   bad_settings.py:1       print("runs all the same")
#   bad_settings.py:1       < <module>
# stderr:
#   libpytrace: PYTRACE_EVENTS: unknown event 'lines' (did you mean 'line'?)
#   libpytrace: PYTRACE_FORMAT: unknown format 'xml' (expected auto, record, text, trace, json)
#   libpytrace: PYTRACE_DEPTH: bad depth '-1' (expected a number from 1 up)
#   libpytrace: PYTRACE_OUTPT: unknown setting (did you mean 'PYTRACE_OUTPUT'?)
#   libpytrace: PYTRACE_INCLUDE: unknown set '@users' (did you mean '@user'?)
