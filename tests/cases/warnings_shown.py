import warnings

warnings.warn("watch the stack level", stacklevel=1)
warnings.simplefilter("error")
try:
    warnings.warn("again", DeprecationWarning)
except DeprecationWarning as warning:
    print("raised", warning)
# skip: reference
