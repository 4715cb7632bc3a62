"""A few lines that stand in for a part of py-data-juicer, as far as Coldpress and the operators of the tests look at it."""
class LazyLoader:
    @classmethod
    def check_packages(cls, packages, pip_args=None):
        for package in packages: cls._install_package(package, pip_args)
    @classmethod
    def _install_package(cls, package, pip_args=None):
        raise RuntimeError("%s would be installed" % package)
