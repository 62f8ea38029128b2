"""Print as JSON which channels the users of a locustfile serve: `python -m … FILE`."""

import os
import sys

from locust.util.load_locustfile import load_locustfile

from footfall._load.channel_users import driven_users, own_users_of
from footfall._load.locust_options import give_up
from footfall._records.errors import BadInputError


def main(path: str) -> None:
    """Run the file and print the `OwnUsers` in it.

    Raises:
        SystemExit: with exit code 2 and one line, if the file cannot be run or a user in it is wrong.
    """
    try:
        classes, _ = load_locustfile(os.path.abspath(path))  # noqa: PTH100  what Locust itself hands it
        found = own_users_of(driven_users(classes.values()), os.path.basename(path))  # noqa: PTH119  as above
    except BadInputError as error:
        give_up(str(error))
    except Exception as error:  # noqa: BLE001  whatever a user's file may raise, they get its line
        give_up(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    else:
        sys.stdout.write(found.model_dump_json() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
