"""The keys that access tokens can be checked with."""

from typing import Annotated, ClassVar, final

from attrs import frozen

from mechanic_core.access import PUBLIC, Actor
from mechanic_core.rules import Example
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.ports import PublicKeys


@frozen(kw_only=True)
class PublicKey:
    """An RSA key that access tokens are checked with (RFC 7517, RFC 7518 section 6.3)."""

    kty: Annotated[str, Example("RSA")]
    use: Annotated[str, Example("sig")] = "sig"
    alg: Annotated[str, Example("RS256")] = "RS256"
    kid: Annotated[str, Example("oQ2yV0n4pRbX0sVQ")]
    n: Annotated[str, Example("sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1Wl")]
    e: Annotated[str, Example("AQAB")]


@frozen(kw_only=True)
class KeySet:
    """All keys that are accepted now; none where tokens are signed with a secret."""

    keys: tuple[PublicKey, ...]


@final
@frozen
class ReadPublicKeys:
    """Get the keys that access tokens can be checked with."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    public_keys: PublicKeys

    def __call__(self, actor: Actor) -> KeySet:
        """Return the keys."""
        self.policy.admit(actor)
        return KeySet(keys=tuple(PublicKey(**key) for key in self.public_keys()["keys"]))


@final
@frozen
class KeySetItem:
    """The key set."""

    read_public_keys: ReadPublicKeys

    @endpoint(ReadPublicKeys)
    def on_get(self, actor: Actor) -> KeySet:
        """Get the keys that access tokens can be checked with."""
        return self.read_public_keys(actor)
