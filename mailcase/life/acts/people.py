"""Following a case: an agent is told what happens on a case that is not his."""

from mailcase.life.acts.table import must
from mailcase.life.acts.telling import agent_of, colleague
from mailcase.life.asked import Asked
from mailcase.life.changes import AddFollower, Changes, Did, DropFollower
from mailcase.life.refused import Refused


def follow(asked: Asked, agent: str = "") -> Changes:
    """The acting agent follows, or the one he names."""
    must(asked, "follow")
    key = colleague(asked, agent or agent_of(asked, "follow").key, "follower").key
    if key in asked.on.followers:
        raise Refused(f"{key} follows {asked.on.number} already")
    return Changes(events=(Did("followed", {"agent": key}),), deeds=(AddFollower(key),))


def unfollow(asked: Asked, agent: str = "") -> Changes:
    """He follows no longer; also one who is disabled by now."""
    must(asked, "unfollow")
    key = agent or agent_of(asked, "unfollow").key
    if key not in asked.on.followers:
        raise Refused(f"{key} does not follow {asked.on.number}")
    return Changes(events=(Did("unfollowed", {"agent": key}),), deeds=(DropFollower(key),))
